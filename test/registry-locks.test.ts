import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { freePort } from "./support/free-port.ts";
import { spawnNode, type Running } from "./support/processes.ts";

let folder: string;
let registry: Running | undefined;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "enmesh-locks-"))));
afterEach(async () => {
  await registry?.destroy();
  await rm(folder, { recursive: true, force: true });
});

test("a leader keeps its lock while the registry is killed and comes back, and another follows when it resigns", async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/v1`;
  const start = async (): Promise<void> => {
    const args = ["agent", "-server", `-http-port=${port}`, "-data-dir", join(folder, "data")];
    registry = spawnNode("packages/registry/src/bin.ts", { args, env: { ENMESH_REGISTRY_TOKEN: undefined } });
    await registry.waitForLine(/Enmesh registry on/, 30_000);
  };
  const put = async (path: string, body = ""): Promise<string> =>
    (await fetch(url + path, { method: "PUT", body })).text();
  const open = async (name: string): Promise<string> =>
    (JSON.parse(await put("/session/create", JSON.stringify({ Name: name, LockDelay: "0s" }))) as { ID: string }).ID;
  const stand = (session: string): Promise<string> => put(`/kv/leader?acquire=${session}`, session);

  await start();
  const candidates = await Promise.all(Array.from({ length: 50 }, (_each, at) => open(`candidate ${at}`)));
  const votes = await Promise.all(candidates.map(stand));
  const leader = candidates[votes.indexOf("true")] as string;
  await registry?.destroy();
  await start();

  const entry = await fetch(`${url}/kv/leader`);
  const [held] = (await entry.json()) as { Session: string; LockIndex: number }[];
  const waiting = fetch(`${url}/kv/leader?index=${entry.headers.get("x-consul-index")}&wait=60s`);
  const others = candidates.filter((each) => each !== leader);
  const votesAgainst = await Promise.all(others.map(stand));
  await put(`/session/destroy/${leader}`);
  const [free] = (await (await waiting).json()) as { Session?: string; LockIndex: number }[];
  const votesAfter = await Promise.all(others.map(stand));

  expect(votes.filter((vote) => vote === "true")).toHaveLength(1);
  expect(held).toMatchObject({ Session: leader, LockIndex: 1 });
  expect(votesAgainst.every((vote) => vote === "false")).toBe(true);
  expect(free?.Session).toBeUndefined();
  expect(votesAfter.filter((vote) => vote === "true")).toHaveLength(1);
});
