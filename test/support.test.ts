import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, test } from "vitest";

import { consulBinary, startConsul } from "./support/consul.ts";
import { freePort } from "./support/free-port.ts";
import { spawnNode } from "./support/processes.ts";

const folder = mkdtempSync(join(tmpdir(), "enmesh-support-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a free port can be listened on, and is handed out once", async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, freePort));

  const server = createServer().listen(ports[0], "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  server.close();
  expect(new Set(ports).size).toBe(20);
});

describe("a spawned program", () => {
  test("is heard line by line, lines gone by included", async () => {
    const program = spawnNode(script("console.log('port 1'); setTimeout(() => console.log('port 2'), 50);"));

    await program.waitForLine(/port 2/);
    const [, first] = await program.waitForLine(/port (\d)/);

    expect(first).toBe("1");
    expect(await program.exited).toEqual({ code: 0, signal: null });
  });

  test("that ends without the line says what it said instead", async () => {
    const program = spawnNode(script("console.error('no database'); process.exit(3);"));

    await expect(program.waitForLine(/listening/)).rejects.toThrow(/no database/);
  });

  test("gets its arguments, its environment and its signals", async () => {
    const source = "process.on('SIGTERM', () => process.exit(7)); console.log(process.argv[2], process.env.COLOUR);";
    const program = spawnNode(script(`${source} setInterval(() => {}, 1000);`), {
      args: ["a"],
      env: { COLOUR: "red" },
    });
    await program.waitForLine(/^a red$/);

    expect(await program.kill("SIGTERM")).toEqual({ code: 7, signal: null });
  });

  test("does not outlive whoever started it, children included, even when that is killed outright", async () => {
    const leaf = script("console.log('leaf ' + process.pid); setInterval(() => {}, 1000);");
    const branch = script(`
      import { spawn } from "node:child_process";
      spawn(process.execPath, [${JSON.stringify(leaf)}], { stdio: "inherit" });
      setInterval(() => {}, 1000);
    `);
    const trunk = spawnNode(
      script(`
        import { spawnNode } from ${JSON.stringify(new URL("support/processes.ts", import.meta.url).href)};
        const [, pid] = await spawnNode(${JSON.stringify(branch)}).waitForLine(/leaf (\\d+)/);
        console.log("leaf " + pid);
      `),
    );
    const [, pid] = await trunk.waitForLine(/leaf (\d+)/);
    expect(isAlive(Number(pid))).toBe(true);

    await trunk.kill("SIGKILL");

    await expect.poll(() => isAlive(Number(pid)), { timeout: 5_000 }).toBe(false);
  });
});

test.skipIf(consulBinary() === undefined)("a real Consul starts, serves and is gone when stopped", async () => {
  const consul = await startConsul();

  const self = await fetch(`${consul.url}/v1/agent/self`);
  await consul.stop();

  expect(self.status).toBe(200);
  await expect(fetch(consul.url)).rejects.toThrow(/fetch failed/);
});

let count = 0;
function script(source: string): string {
  const file = join(folder, `${(count += 1)}.mjs`);
  writeFileSync(file, source);
  return file;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
