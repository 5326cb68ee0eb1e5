import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";

import { afterEach, expect, test, vi } from "vitest";

import { started, stopAll } from "../test/started.ts";

// Real sockets, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });
afterEach(stopAll);

test("sessions, their locks and nodes from outside are there again after a restart", async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), "enmesh-registry-"));
  const first = await started({ dataDirectory });
  const { ID } = JSON.parse((await first.put("/v1/session/create", '{"TTL":"30s","Name":"me"}')).body) as {
    ID: string;
  };
  await first.put(`/v1/kv/leader?acquire=${ID}`, "me");
  await first.put("/v1/catalog/register", '{"Node":"ext","Address":"10.0.0.9","Service":{"Service":"db"}}');
  await first.registry.close();

  const second = await started({ dataDirectory });
  const other = JSON.parse((await second.put("/v1/session/create")).body) as { ID: string };
  const isTaken = (await second.put(`/v1/kv/leader?acquire=${other.ID}`, "other")).body;
  const held = JSON.parse((await second.get("/v1/kv/leader")).body) as object;
  const info = JSON.parse((await second.get(`/v1/session/info/${ID}`)).body) as object;
  const nodes = JSON.parse((await second.get("/v1/catalog/service/db")).body) as object;
  await second.registry.close();

  expect(isTaken).toBe("false");
  expect(held).toMatchObject([{ Session: ID, LockIndex: 1 }]);
  expect(info).toMatchObject([{ ID, Name: "me", TTL: "30s" }]);
  expect(nodes).toMatchObject([{ Node: "ext" }]);
  await rm(dataDirectory, { recursive: true });
});

test("a log of the time before sessions is read as ever", async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), "enmesh-registry-"));
  const commit = {
    index: 7,
    changes: [{ op: "kv", entry: { key: "a", value: "eA==", flags: "0", createIndex: 3, modifyIndex: 7 } }],
  };
  const text = JSON.stringify(commit);
  await writeFile(join(dataDirectory, "registry.log"), `${crc32(text).toString(16).padStart(8, "0")} ${text}\n`);

  const { get, registry } = await started({ dataDirectory });
  const entry = (await get("/v1/kv/a")).body;
  await registry.close();

  expect(JSON.parse(entry)).toEqual([
    { LockIndex: 0, Key: "a", Flags: 0, Value: "eA==", CreateIndex: 3, ModifyIndex: 7 },
  ]);
  await rm(dataDirectory, { recursive: true });
});
