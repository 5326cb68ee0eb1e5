import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

const children = new Set<ChildProcess>();
let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "enmesh-agent-"))));
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  await rm(folder, { recursive: true });
});

describe("started in the place of a Consul", { timeout: 60_000 }, () => {
  test.each(["SIGINT", "SIGTERM"] as const)(
    "it is ready on client:port, tells its pid, and ends well on %s",
    async (signal) => {
      const port = await freePort();
      const pidFile = join(folder, "pid");
      const config = join(folder, "config.json");
      await writeFile(config, JSON.stringify({ disable_update_check: true, node_name: "from-file" }));

      const flags = "-dev -server -bootstrap -bind 127.0.0.1 -client 127.0.0.1 -datacenter east".split(" ");
      const agent = run("agent", ...flags, `-http-port=${port}`, "-pid-file", pidFile, "-config-file", config);
      const nodes = await ready(`http://127.0.0.1:${port}/v1/catalog/nodes`);
      const pid = Number(await readFile(pidFile, "utf8"));
      agent.child.kill(signal);

      expect(nodes).toMatchObject([{ Node: "from-file", Datacenter: "east", Address: "127.0.0.1" }]);
      expect(pid).toBe(agent.child.pid);
      expect(await agent.ended).toBe(0);
      expect(existsSync(pidFile)).toBe(false);
      expect(agent.output()).toContain(
        "Without effect here, where there is one node: -bootstrap, disable_update_check\n",
      );
    },
  );

  test("it keeps what it is told in its data directory, and ends when it is told to leave", async () => {
    const port = await freePort();
    const args = ["agent", "-server", `-http-port=${port}`, "-data-dir", join(folder, "data")];
    const url = `http://127.0.0.1:${port}/v1`;

    const first = run(...args);
    await ready(`${url}/status/leader`);
    await fetch(`${url}/kv/a`, { method: "PUT", body: "1" });
    await fetch(`${url}/agent/leave`, { method: "PUT" });
    const firstExit = await first.ended;
    const second = run(...args);
    const leader = await ready(`${url}/status/leader`);
    const kept = await (await fetch(`${url}/kv/a?raw`)).text();
    second.child.kill("SIGTERM");

    expect([firstExit, leader, kept, await second.ended]).toEqual([0, "127.0.0.1:8300", "1", 0]);
  });

  test.each([
    [["agent", "-nope"], 1, "flag provided but not defined: -nope"],
    [["agent", "-dev", "-client", "0.0.0.0"], 1, "ENMESH_REGISTRY_TOKEN"],
    [["version"], 0, /^Consul v1\.\d+\.\d+ /],
    [["version", "-format=json"], 0, /"Version": "1\.\d+\.\d+"/],
  ])("%j ends with %d", async (args, code, message) => {
    const agent = run(...args);

    expect(await agent.ended).toBe(code);
    expect(agent.output()).toMatch(message);
  });
});

function run(...args: string[]) {
  const bin = fileURLToPath(new URL("../bin.ts", import.meta.url));
  const child = spawn(process.execPath, [bin, ...args], { env: { ...process.env, ENMESH_REGISTRY_TOKEN: "" } });
  children.add(child);
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, "close").then(([code]) => code as number);
  return { child, ended, output: () => text };
}

/** Asks until there is an answer. */
async function ready(url: string): Promise<unknown> {
  for (const giveUpAt = Date.now() + 30_000; Date.now() < giveUpAt; await sleep(30)) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return await answer.json();
  }
  throw new Error(`nobody answers at ${url}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
