import { createRuntime, type MeshEvent } from "@enmesh/core";
import { consulRegistrar, createRegistration } from "@enmesh/discovery";
import { startRegistry } from "@enmesh/registry";
import { afterEach, describe, expect, test, vi } from "vitest";

import { type Running, spawnProgram } from "./support/processes.ts";

const endings: (() => Promise<unknown> | void)[] = [];
const soon = { timeout: 10_000, interval: 20 };

afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

describe("an instance whose event loop is blocked", () => {
  test("for eight seconds, with a lease of three, is never seen down", async () => {
    const url = await ownRegistry();
    const blocks = service(url, { BLOCK_MS: "8000" });
    await vi.waitFor(async () => expect(await statusOf(url)).toBe("passing"), soon);
    await vi.waitFor(() => expect(blocks.lines).toContain("blocked"), soon);

    const seen = await statusesFor(url, 8_000);
    await vi.waitFor(() => expect(blocks.lines).toContain("turning"), soon);
    await vi.waitFor(() => expect(blocks.lines.join("\n")).toContain("heartbeat.stood_in"), soon);

    console.log(`main loop blocked for 8 s with a lease of 3 s: ${JSON.stringify(seen)}`);
    expect(Object.keys(seen)).toEqual(["passing"]);
  });

  test("for longer than it may be says DOWN, with the reason, and is up again as soon as it turns", async () => {
    const url = await ownRegistry();
    const blocks = service(url, { BLOCK_MS: "9000", LIVENESS_MS: "4000" });
    await vi.waitFor(() => expect(blocks.lines).toContain("blocked"), soon);

    await vi.waitFor(async () => expect(await statusOf(url)).toBe("critical"), soon);
    const output = await outputOf(url);
    await vi.waitFor(() => expect(blocks.lines).toContain("turning"), soon);
    await vi.waitFor(async () => expect(await statusOf(url)).toBe("passing"), { timeout: 1_000, interval: 20 });

    expect(output).toBe("DOWN: the event loop has not turned for 4 s");
  });

  test("and that has no thread beside it is down when its lease is over", async () => {
    const url = await ownRegistry();
    const blocks = service(url, { BLOCK_MS: "6000", LIVENESS_MS: "off" });
    await vi.waitFor(() => expect(blocks.lines).toContain("blocked"), soon);

    const seen = await statusesFor(url, 5_000);

    expect(Object.keys(seen)).toContain("critical");
  });

  test("works from the sources as it does from the package", async () => {
    const registry = spawnProgram(process.execPath, {
      args: [
        "--input-type=module",
        "-e",
        `import { startRegistry } from "@enmesh/registry"; console.log((await startRegistry({ port: 0 })).url);`,
      ],
    });
    endings.push(() => registry.destroy());
    await vi.waitFor(() => expect(registry.lines[0]).toMatch(/^http/), soon);
    const url = registry.lines[0] as string;
    const runtime = createRuntime();
    const events: MeshEvent[] = [];
    runtime.events.listen((event) => events.push(event));
    const registration = createRegistration({
      registrar: consulRegistrar({ url, runtime }),
      instance: { id: "p-1", service: "p", address: "127.0.0.1", port: 3001, protocol: "http", labels: {}, weight: 1 },
      runtime,
      heartbeatMs: 300,
      ttlMs: 1_000,
    });
    registration.up();
    await registration.ready();
    await vi.waitFor(async () => expect(await statusOf(url)).toBe("passing"), soon);
    await new Promise((resolve) => setTimeout(resolve, 500));

    const until = performance.now() + 3_000;
    while (performance.now() < until);
    const status = await statusOf(url);
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toContain("heartbeat.stood_in"), soon);
    await registration.deregister();

    expect(status).toBe("passing");
    expect(events.find(({ type }) => type === "heartbeat.stood_in")).toMatchObject({ saidDown: false });
  });
});

test("a service whose own health check fails is DOWN with its reason, and up again when it passes", async () => {
  const url = await ownRegistry();
  const runtime = createRuntime();
  let ailment: string | undefined;
  const registration = createRegistration({
    registrar: consulRegistrar({ url, runtime }),
    instance: { id: "p-1", service: "p", address: "127.0.0.1", port: 3001, protocol: "http", labels: {}, weight: 1 },
    runtime,
    heartbeatMs: 200,
    ttlMs: 2_000,
    healthCheck: () => {
      if (ailment !== undefined) throw new Error(ailment);
    },
  });
  endings.push(() => registration.deregister());
  registration.up();
  await registration.ready();
  const first = await statusOf(url);

  ailment = "no database";
  await vi.waitFor(async () => expect(await outputOf(url)).toBe("DOWN: no database"), soon);
  ailment = undefined;
  await vi.waitFor(async () => expect(await statusOf(url)).toBe("passing"), soon);

  expect(first).toBe("passing");
});

test("the thread ends with the registration, and holds no process", async () => {
  const url = await ownRegistry();
  const program = service(url, { BLOCK_MS: "0" });

  await expect(program.exited).resolves.toEqual({ code: 0, signal: null });

  expect(program.lines).toContain("ports 0");
});

function service(url: string, env: Record<string, string>): Running {
  const source = `
    import { createRuntime } from "@enmesh/core";
    import { consulRegistrar, createRegistration } from "@enmesh/discovery";
    const [runtime, url] = [createRuntime(), ${JSON.stringify(url)}];
    runtime.events.listen(({ type }) => console.log(type));
    const instance = { id: "p-1", service: "p", address: "127.0.0.1", port: 3001, protocol: "http", labels: {}, weight: 1 };
    const { BLOCK_MS, LIVENESS_MS } = process.env;
    const livenessTimeoutMs = LIVENESS_MS === "off" ? false : Number(LIVENESS_MS ?? 30_000);
    const registration = createRegistration({ registrar: consulRegistrar({ url, runtime }), instance, runtime, heartbeatMs: 1_000, ttlMs: 3_000, livenessTimeoutMs });
    registration.up();
    await registration.ready();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    if (BLOCK_MS === "0") {
      await registration.deregister();
      setTimeout(() => console.log("ports", process.getActiveResourcesInfo().filter((name) => name === "MessagePort" || name === "Worker").length), 300);
    } else {
      await new Promise((resolve) => process.stdout.write("blocked\\n", resolve));
      const until = performance.now() + Number(BLOCK_MS);
      while (performance.now() < until);
      console.log("turning");
      setTimeout(() => {}, 20_000);
    }
  `;
  const running = spawnProgram(process.execPath, { args: ["--input-type=module", "-e", source], env });
  endings.push(() => running.destroy());
  return running;
}

async function ownRegistry(): Promise<string> {
  const registry = await startRegistry({ port: 0 });
  endings.unshift(() => registry.close());
  return registry.url;
}

async function checkAt(url: string): Promise<{ Status?: string; Output?: string }> {
  const checks = (await (await fetch(`${url}/v1/health/checks/p`)).json()) as { Status: string; Output: string }[];
  return checks[0] ?? {};
}

async function statusOf(url: string): Promise<string | undefined> {
  return (await checkAt(url)).Status;
}

async function outputOf(url: string): Promise<string | undefined> {
  return (await checkAt(url)).Output;
}

async function statusesFor(url: string, ms: number): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  for (const until = performance.now() + ms; performance.now() < until;) {
    const status = (await statusOf(url)) ?? "none";
    seen[status] = (seen[status] ?? 0) + 1;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return seen;
}
