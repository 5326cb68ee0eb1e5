import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

const children = new Set<ChildProcess>();
let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "enmesh-bin-"))));
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  await rm(directory, { recursive: true });
});

describe("enmesh-registry", { timeout: 60_000 }, () => {
  test("says where it listens and what it recovered, reports changes, and ends well on SIGTERM", async () => {
    const first = run("--port", "0", "--data-dir", directory);
    const url = await first.url();
    await fetch(`${url}/v1/agent/service/register`, { method: "PUT", body: '{"Name":"orders","Check":{"TTL":"1m"}}' });
    await fetch(`${url}/v1/agent/check/pass/service:orders`, { method: "PUT" });
    const firstExit = await first.stop("SIGTERM");

    const second = run("--port", "0", "--data-dir", directory);
    await second.url();
    const secondExit = await second.stop("SIGINT");

    expect([firstExit, secondExit]).toEqual([0, 0]);
    expect(first.output()).toContain(`Enmesh registry on ${url}, data in ${directory}, 0 services recovered\n`);
    expect(first.output()).toContain("passing      orders (orders), was critical\n");
    expect(second.output()).toContain("1 service recovered\n");
    // Not a terminal: no colours.
    expect(first.output()).not.toContain("\u001B");
  });

  test("with --json writes each event as one line", async () => {
    const registry = run("--port", "0", "--json");
    await registry.url();
    await registry.stop("SIGTERM");

    const [line = ""] = registry.output().split("\n");
    expect(JSON.parse(line)).toMatchObject({ type: "registry.started", recovered: 0 });
  });

  test.each([
    [["--prot", "1"], 2, "--prot"],
    [["--port", "x"], 2, "--port must be a number"],
    [["--port", "99999"], 2, "port: must be 0 to 65535"],
    [["--host", "0.0.0.0"], 2, "ENMESH_REGISTRY_TOKEN"],
    [["--data-dir", "/dev/null/x"], 1, "cannot use the data directory"],
  ])("with %j ends with %d and says why", async (args, code, message) => {
    const registry = run(...args);

    expect(await registry.ended()).toBe(code);
    expect(registry.output()).toContain(message);
  });

  test.each([
    ["--help", /^Usage: enmesh-registry/],
    ["--version", /^\d+\.\d+\.\d+/],
  ])("%s answers and ends with 0", async (flag, answer) => {
    const registry = run(flag);

    expect(await registry.ended()).toBe(0);
    expect(registry.output()).toMatch(answer);
  });

  test("killed in the middle of two thousand writes, it has lost none that it acknowledged", async () => {
    const first = run("--port", "0", "--data-dir", directory);
    const url = await first.url();
    const acknowledged: string[] = [];
    let next = 0;
    const writer = async (): Promise<void> => {
      while (next < 2_000) {
        const id = `service-${next++}`;
        const body = JSON.stringify({ Name: "load", ID: id, Check: { TTL: "1m" } });
        const isRegistered = await fetch(`${url}/v1/agent/service/register`, { method: "PUT", body }).then(
          ({ ok }) => ok,
        );
        const isSet =
          isRegistered && (await fetch(`${url}/v1/kv/${id}`, { method: "PUT", body: id }).then(({ ok }) => ok));
        if (isSet && acknowledged.push(id) === 1_200) first.kill();
      }
    };
    await Promise.allSettled(Array.from({ length: 16 }, writer));
    await first.ended();

    const second = run("--port", "0", "--data-dir", directory);
    const again = await second.url();
    const services = (await (await fetch(`${again}/v1/agent/services`)).json()) as Record<string, unknown>;
    const keys = (await (await fetch(`${again}/v1/kv/?keys`)).json()) as string[];

    expect(acknowledged.length).toBeGreaterThanOrEqual(1_200);
    expect(acknowledged.length).toBeLessThan(2_000);
    expect(acknowledged.filter((id) => !(id in services))).toEqual([]);
    expect(acknowledged.filter((id) => !keys.includes(id))).toEqual([]);
  });
});

/** Runs the program from its source. */
function run(...args: readonly string[]) {
  const { ENMESH_REGISTRY_TOKEN: _unwanted, ...env } = process.env;
  const child = spawn(process.execPath, [fileURLToPath(new URL("bin.ts", import.meta.url)), ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  let output = "";
  const exited = once(child, "close").then(([code]) => code as number | null);
  const started = new Promise<string>((resolve, reject) => {
    const listen = (text: string): void => {
      output += text;
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
      if (url !== undefined) resolve(url);
    };
    child.stdout.setEncoding("utf8").on("data", listen);
    child.stderr.setEncoding("utf8").on("data", listen);
    void exited.then((code) => reject(new Error(`ended with ${code}: ${output}`)));
  });
  // Whoever waits for the start hears of a failed one.
  started.catch(() => {});
  return {
    url: () => started,
    output: () => output,
    ended: () => exited,
    kill: () => child.kill("SIGKILL"),
    stop: (signal: "SIGTERM" | "SIGINT") => {
      child.kill(signal);
      return exited;
    },
  };
}
