import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createRuntime, type Instance, type MeshError } from "@enmesh/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { fileSource } from "./file-source.ts";

const soon = { timeout: 5_000, interval: 5 };
let folder: string;
let path: string;
const endings: (() => void)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "enmesh-file-"));
  path = join(folder, "services");
});
afterEach(async () => {
  endings.splice(0).forEach((end) => end());
  await rm(folder, { recursive: true, force: true });
});

function watching(parse?: (text: string) => unknown): { heard: (readonly Instance[])[]; troubles: MeshError[] } {
  const source = fileSource({ path, everyMs: 20, runtime: createRuntime(), ...(parse && { parse }) });
  endings.push(() => source.close());
  const [heard, troubles]: [(readonly Instance[])[], MeshError[]] = [[], []];
  source.watchInstances(
    "orders",
    (instances) => heard.push(instances),
    (error) => troubles.push(error),
  );
  return { heard, troubles };
}

test("a file that is not there yet is trouble, until it is", async () => {
  const { heard, troubles } = watching();
  await vi.waitFor(() => expect(troubles[0]?.message).toMatch(/cannot be used: ENOENT/), soon);

  await writeFile(path, '{ "orders": ["http://127.0.0.1:3001"] }');
  await vi.waitFor(() => expect(heard).toHaveLength(1), soon);

  expect(heard[0]?.map(({ id }) => id)).toEqual(["orders@127.0.0.1:3001"]);
});

test("what is told twice is heard once", async () => {
  await writeFile(path, '{ "orders": ["http://127.0.0.1:3001"] }');
  const { heard } = watching();
  await vi.waitFor(() => expect(heard).toHaveLength(1), soon);

  await writeFile(path, '{"orders": ["http://127.0.0.1:3001"], "users": []}');
  await new Promise((resolve) => setTimeout(resolve, 150));

  expect(heard).toHaveLength(1);
});

test("any format can be read that somebody can parse", async () => {
  await writeFile(path, "orders 127.0.0.1 3001 DRAINING");
  const { heard } = watching((text) => {
    const [service = "", address, port, status] = text.split(" ");
    return { [service]: [{ address, port: Number(port), status }] };
  });

  await vi.waitFor(() => expect(heard).toHaveLength(1), soon);

  expect(heard[0]?.[0]).toMatchObject({ port: 3001, status: "DRAINING" });
});

test.each(["[]", "7", '{ "orders": "http://127.0.0.1:1" }', '{ "orders": [7] }'])(
  "%s is no list of services, and what was said before still counts",
  async (text) => {
    await writeFile(path, '{ "orders": ["http://127.0.0.1:3001"] }');
    const { heard, troubles } = watching();
    await vi.waitFor(() => expect(heard).toHaveLength(1), soon);

    await writeFile(path, text);
    await vi.waitFor(() => expect(troubles[0]?.message).toMatch(/it must map each service.*still counts/), soon);

    expect(heard).toHaveLength(1);
  },
);
