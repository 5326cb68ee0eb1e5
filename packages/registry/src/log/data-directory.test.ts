import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createRuntime, EventChannel, type MeshEvent } from "@enmesh/core";
import { afterEach, beforeEach, expect, test } from "vitest";

import { Store } from "../state/store.ts";
import type { Change } from "../model/change.ts";
import { openDataDirectory } from "./data-directory.ts";
import { encodeLine } from "./line.ts";

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "enmesh-data-"))));
afterEach(() => rm(directory, { recursive: true }));

test("what was committed is there again, under a higher index", async () => {
  const first = await open();
  first.put("a", "1");
  first.put("a", "2");
  first.put("b", "1");
  await first.close();

  const second = await open();

  expect(second.store.keyValues.under("").map(({ key, value }) => [key, String(value)])).toEqual([
    ["a", "2"],
    ["b", "1"],
  ]);
  expect(second.store.index).toBeGreaterThan(first.store.index);
  await second.close();
});

test("a torn tail is cut, kept beside the log and reported; what stands before it is there", async () => {
  const first = await open();
  first.put("a", "1");
  await first.close();
  await appendFile(join(directory, "registry.log"), '1234abcd {"index":9,"chan');

  const second = await open();
  await second.close();
  const third = await open();

  expect(second.events.find(({ type }) => type === "store.cut")).toMatchObject({ tornBytes: 25 });
  expect(String(await readFile(join(directory, "registry.log.torn")))).toContain('{"index":9');
  expect(third.events.some(({ type }) => type === "store.cut")).toBe(false);
  expect(String(third.store.keyValues.get("a")?.value)).toBe("1");
  await third.close();
});

test("two registries never write to one directory", async () => {
  const first = await open();

  await expect(open()).rejects.toMatchObject({ code: "ENMESH_STORE_FAILED" });
  await first.close();
  const second = await open();
  await second.close();
});

test("the lock of a process that is gone counts for nothing", async () => {
  for (const lock of ["4194304999 5", `${process.ppid} 5`, "", "nonsense"]) {
    await writeFile(join(directory, "registry.lock"), `${lock}\n`);

    const { store, close } = await open();

    expect(store.index).toBeGreaterThan(0);
    await close();
  }
});

test("a log with words that only a newer version knows is refused, and left as it is", async () => {
  const line = encodeLine({ index: 1, changes: [{ op: "dance" } as unknown as Change] });
  await writeFile(join(directory, "registry.log"), line);

  await expect(open()).rejects.toThrow("written by a newer version");

  expect(String(await readFile(join(directory, "registry.log")))).toBe(line);
});

test("a directory that cannot be used is refused by its name", async () => {
  const file = join(directory, "file");
  await writeFile(file, "");

  await expect(openDataDirectory(file, new Store(), createRuntime())).rejects.toThrow(
    `cannot use the data directory ${file}`,
  );
});

async function open() {
  const channel = new EventChannel();
  const events: MeshEvent[] = [];
  channel.listen((event) => events.push(event));
  const store = new Store();
  const journal = await openDataDirectory(directory, store, createRuntime({ events: channel }));
  store.writeTo(journal);
  const put = (key: string, value: string): void =>
    store.commit((index) => [
      { op: "kv", entry: { key, value: Buffer.from(value), flags: "0", createIndex: index, modifyIndex: index } },
    ]);
  return { store, events, put, close: () => journal.close() };
}
