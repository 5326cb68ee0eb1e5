import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

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
    [["--tls-cert", "x.pem"], 2, "HTTPS needs both --tls-cert and --tls-key"],
    [["--tokens-file", "/nowhere"], 2, "tokensFile: cannot be read"],
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

  test("killed in the middle of ten thousand writes, it has lost none that it acknowledged", async () => {
    const first = run("--port", "0", "--data-dir", directory);
    const url = await first.url();
    const acknowledged: string[] = [];
    let next = 0;
    const writer = async (): Promise<void> => {
      while (next < 5_000) {
        const id = `service-${next++}`;
        const body = JSON.stringify({ Name: "load", ID: id, Check: { TTL: "1m" } });
        const isRegistered = await fetch(`${url}/v1/agent/service/register`, { method: "PUT", body }).then(
          ({ ok }) => ok,
        );
        const isSet =
          isRegistered && (await fetch(`${url}/v1/kv/${id}`, { method: "PUT", body: id }).then(({ ok }) => ok));
        if (isSet && acknowledged.push(id) === 2_500) first.kill();
      }
    };
    await Promise.allSettled(Array.from({ length: 16 }, writer));
    await first.ended();

    const second = run("--port", "0", "--data-dir", directory);
    const again = await second.url();
    const services = (await (await fetch(`${again}/v1/agent/services`)).json()) as Record<string, unknown>;
    const keys = (await (await fetch(`${again}/v1/kv/?keys`)).json()) as string[];

    expect(acknowledged.length).toBeGreaterThanOrEqual(2_500);
    expect(acknowledged.length).toBeLessThan(5_000);
    expect(acknowledged.filter((id) => !(id in services))).toEqual([]);
    expect(acknowledged.filter((id) => !keys.includes(id))).toEqual([]);
  });
});

describe("on a disk of one megabyte", { timeout: 60_000 }, () => {
  const isMountable = canMount();

  test.skipIf(!isMountable)(
    "that is full, writes are refused with a sentence, reads and beats go on, and room mends it",
    async () => {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", directory]);
      try {
        const registry = run("--port", "0", "--data-dir", directory, "--json");
        const url = await registry.url();
        const put = (path: string, body = ""): Promise<Response> => fetch(`${url}/v1/${path}`, { method: "PUT", body });
        await put("agent/service/register", '{"Name":"orders","Check":{"TTL":"1m"}}');
        const ballast = join(directory, "ballast");
        await writeFile(ballast, Buffer.alloc(700_000));

        const written: string[] = [];
        let refused: Response | undefined;
        for (let at = 0; at < 100 && refused === undefined; at++) {
          const answer = await put(`kv/key-${at}`, "x".repeat(20_000));
          if (answer.ok) written.push(`key-${at}`);
          else refused = answer;
        }
        const refusal = [refused?.status, await refused?.text()];
        const meanwhile = [
          (await put("kv/small", "x")).status,
          (await put("agent/check/pass/service:orders")).status,
          (await fetch(`${url}/v1/health/service/orders?passing`)).status,
        ];
        await rm(ballast);
        await vi.waitFor(async () => expect((await put("kv/after", "y")).status).toBe(200), {
          timeout: 20_000,
          interval: 200,
        });
        registry.kill();
        await registry.ended();

        const again = run("--port", "0", "--data-dir", directory);
        const keys = (await (await fetch(`${await again.url()}/v1/kv/?keys`)).json()) as string[];
        const healthy = (await (
          await fetch(`${await again.url()}/v1/health/service/orders?passing`)
        ).json()) as unknown[];
        await again.stop("SIGTERM");

        expect(refusal).toEqual([
          500,
          expect.stringMatching(/cannot write its log \(ENOSPC.*make room or mend the disk/),
        ]);
        expect(meanwhile).toEqual([500, 200, 200]);
        expect(written.length).toBeGreaterThan(0);
        expect(keys).toEqual(expect.arrayContaining([...written, "after"]));
        expect(healthy).toHaveLength(1);
        expect(registry.output()).toMatch(/"type":"store.failed"[^]*"type":"store.mended"/);
      } finally {
        for (const child of children) child.kill("SIGKILL");
        execFileSync("umount", ["-l", directory]);
      }
    },
  );
});

/** Only root may, and not everywhere. */
function canMount(): boolean {
  const probe = mkdtempSync(join(tmpdir(), "enmesh-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", probe], { stdio: "ignore" });
    execFileSync("umount", [probe], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(probe);
  }
}

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
