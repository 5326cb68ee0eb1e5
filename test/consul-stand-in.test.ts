import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, expect, test } from "vitest";

import { startConsul, type ConsulServer } from "./support/consul.ts";

// What starts a Consul for other tests starts ours here, and does not know it.
const bin = fileURLToPath(new URL("../packages/registry/src/bin.ts", import.meta.url));
const before = process.env["ENMESH_CONSUL_BIN"];
let folder: string;
let consul: ConsulServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "enmesh-stand-in-"));
  const program = join(folder, "consul");
  await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`);
  await chmod(program, 0o755);
  process.env["ENMESH_CONSUL_BIN"] = program;
  consul = await startConsul();
});
afterAll(async () => {
  if (before === undefined) delete process.env["ENMESH_CONSUL_BIN"];
  else process.env["ENMESH_CONSUL_BIN"] = before;
  await consul?.stop();
  await rm(folder, { recursive: true, force: true });
});

test("a starter made for Consul starts the registry: its flags, its configuration file, its way to tell that it is ready", async () => {
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    return JSON.parse((await (await fetch(consul.url + path, init)).text()) || "null");
  };

  await ask("PUT", "/v1/agent/service/register", {
    Name: "orders",
    Port: 80,
    Check: { TTL: "30s", Status: "passing" },
  });
  const healthy = await ask("GET", "/v1/health/service/orders?passing");
  const self = await ask("GET", "/v1/agent/self");

  expect(healthy).toMatchObject([{ Service: { Service: "orders", Port: 80 } }]);
  expect(self).toMatchObject({ Config: { Datacenter: "dc1", Server: true }, Member: { Status: 1 } });
});
