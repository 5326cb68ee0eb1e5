import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { inspect } from "node:util";

import { createRuntime, type MeshError, type MeshEvent, type Runtime } from "@enmesh/core";
import { consulRegistrar, consulSource, createDirectory, createRegistration, type Directory } from "@enmesh/discovery";
import { startRegistry } from "@enmesh/registry";
import { afterEach, describe, expect, test, vi } from "vitest";

import { freePort } from "./support/free-port.ts";
import { spawnProgram } from "./support/processes.ts";

const endings: (() => Promise<unknown> | void)[] = [];
const soon = { timeout: 10_000, interval: 10 };

afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

describe("a registry that goes away", () => {
  test("for some seconds, and comes back with nothing, has everybody again within ten seconds; nobody was without endpoints", async () => {
    const port = await freePort();
    let registry = await startRegistry({ port });
    const { runtime, events } = heardRuntime();
    const directory = watching(registry.url, runtime);
    const registrations = [1, 2, 3].map((at) => announced(registry.url, runtime, `orders-${at}`, 3_000 + at));
    const view = directory.view("orders");
    await vi.waitFor(() => expect(view.snapshot.endpoints).toHaveLength(3), soon);
    let fewest = 3;
    view.subscribe(({ snapshot }) => (fewest = Math.min(fewest, snapshot.endpoints.length)));

    await registry.close();
    await wait(6_000);
    const away = { state: view.state, endpoints: view.snapshot.endpoints.length };
    registry = await startRegistry({ port });
    endings.unshift(() => registry.close());
    const from = performance.now();
    await vi.waitFor(() => {
      expect(registrations.map(({ trouble, isRegistered }) => [trouble, isRegistered])).toEqual(
        registrations.map(() => [undefined, true]),
      );
      expect([view.state, view.snapshot.endpoints.length]).toEqual(["known", 3]);
    }, soon);

    expect(performance.now() - from).toBeLessThan(10_000);
    expect(away).toEqual({ state: "stale", endpoints: 3 });
    expect(fewest).toBeGreaterThan(0);
    const types = new Set(events.map(({ type }) => type));
    expect([...types]).toEqual(
      expect.arrayContaining(["discovery.stale", "discovery.recovered", "heartbeat.failed", "registration.lost"]),
    );
  });

  test("at the start is told with url, reason and remedy, and found when it appears", async () => {
    const port = await freePort();
    const directory = watching(`http://127.0.0.1:${port}`);

    const error = (await directory.ready({ timeoutMs: 300 }).catch((reason: unknown) => reason)) as MeshError;
    const registry = await startRegistry({ port });
    endings.unshift(() => registry.close());
    await directory.ready({ timeoutMs: 10_000 });

    expect(error.code).toBe("ENMESH_REGISTRY_UNREACHABLE");
    expect(error.message).toContain(
      `registry http://127.0.0.1:${port} cannot be reached: connect ECONNREFUSED 127.0.0.1:${port}; start it (npx enmesh-registry`,
    );
  });

  test("in the middle of an answer is noticed at once", async () => {
    const url = await serving((_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "x-consul-index": "1", "content-length": "100" });
      response.write("{", () => setTimeout(() => response.destroy(), 20));
    });
    const directory = watching(url);

    const from = performance.now();
    await vi.waitFor(() => expect(directory.trouble).toMatch(/closed in the middle of an answer/), soon);

    expect(performance.now() - from).toBeLessThan(2_000);
  });
});

describe("odd servers", () => {
  test("what is no registry is called so", async () => {
    const url = await serving((_request, response) => response.end("<html>hello</html>"));
    const directory = watching(url);

    await expect(directory.ready({ timeoutMs: 200 })).rejects.toMatchObject({ code: "ENMESH_REGISTRY_REFUSED" });
  });

  test("a token is sent, and its absence told", async () => {
    const registry = await startRegistry({ port: 0, token: "secret-of-the-house" });
    endings.push(() => registry.close());
    const runtime = createRuntime();

    const without = watching(registry.url);
    const within = createDirectory({
      source: consulSource({ url: registry.url, token: "secret-of-the-house", runtime }),
      runtime,
    });
    endings.push(() => within.close());
    await within.ready();

    await expect(without.ready({ timeoutMs: 300 })).rejects.toMatchObject({ code: "ENMESH_REGISTRY_REFUSED" });
  });

  test("an error never shows the token, however deep one looks", async () => {
    const url = await serving((_request, response) => response.writeHead(403).end("Permission denied"));
    const runtime = createRuntime();
    const token = "secret-of-the-house";
    const directory = createDirectory({ source: consulSource({ url, token, runtime }), runtime });
    endings.push(() => directory.close());

    const error: unknown = await directory.ready({ timeoutMs: 200 }).catch((reason: unknown) => reason);

    expect(inspect(error, { depth: 20, showHidden: true })).toContain("Permission denied");
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(token);
  });

  test("a registry at an IPv6 address, and behind a path, is found", async () => {
    const paths: string[] = [];
    const answer: RequestListener = (request, response) => {
      paths.push((request.url ?? "").split("?")[0] ?? "");
      response.writeHead(200, { "content-type": "application/json", "x-consul-index": "5" }).end('{"orders":[]}');
    };
    const url = await serving(answer, "::1");

    const directory = watching(`${url}/team/registry/`);
    await directory.ready();

    expect(directory.isKnown("orders")).toBe(true);
    expect(new Set(paths)).toEqual(new Set(["/team/registry/v1/catalog/services"]));
  });

  test("a registry that never answers costs an instance that leaves two seconds, and no more", async () => {
    const url = await serving(() => {});
    const registration = announced(url, createRuntime(), "orders-1", 3_001);
    await wait(100);

    const from = performance.now();
    await registration.deregister();

    expect(performance.now() - from).toBeLessThan(2_500);
  });
});

test("a program that watches and is registered ends by itself when it has nothing else to do", async () => {
  const registry = await startRegistry({ port: 0 });
  endings.push(() => registry.close());
  const source = `
    import { createRuntime } from "@enmesh/core";
    import { consulRegistrar, consulSource, createDirectory, createRegistration } from "@enmesh/discovery";
    const [runtime, url] = [createRuntime(), ${JSON.stringify(registry.url)}];
    const instance = { id: "p-1", service: "p", address: "127.0.0.1", port: 3001, protocol: "http", labels: {}, weight: 1 };
    const registration = createRegistration({ registrar: consulRegistrar({ url, runtime }), instance, runtime });
    registration.up();
    const directory = createDirectory({ source: consulSource({ url, runtime }), runtime });
    await registration.ready();
    await directory.ready();
    await new Promise((resolve) => directory.view("p").subscribe(({ snapshot }) => snapshot.endpoints.length > 0 && resolve()) && setTimeout(resolve, 2_000));
    console.log("ready", directory.view("p").snapshot.endpoints.length);
    if (process.env["CLOSES"] === "1") {
      await registration.deregister();
      directory.close();
      setTimeout(() => console.log("open", process.getActiveResourcesInfo().filter((name) => name.includes("TCP")).length), 200);
    }
  `;
  const program = ["--input-type=module", "-e", source];

  const idle = spawnProgram(process.execPath, { args: program });
  const closing = spawnProgram(process.execPath, { args: program, env: { CLOSES: "1" } });

  await expect(idle.exited).resolves.toEqual({ code: 0, signal: null });
  await expect(closing.exited).resolves.toEqual({ code: 0, signal: null });
  expect(idle.lines).toEqual(["ready 1"]);
  expect(closing.lines).toEqual(["ready 1", "open 0"]);
});

test("a program that asks a registry which never answers ends by itself, too", async () => {
  const url = await serving(() => {});
  const source = `
    import { createRuntime } from "@enmesh/core";
    import { consulSource, createDirectory } from "@enmesh/discovery";
    const runtime = createRuntime();
    createDirectory({ source: consulSource({ url: ${JSON.stringify(url)}, runtime }), runtime });
    await new Promise((resolve) => setTimeout(resolve, 300));
  `;

  const from = performance.now();
  const program = spawnProgram(process.execPath, { args: ["--input-type=module", "-e", source] });

  await expect(program.exited).resolves.toEqual({ code: 0, signal: null });
  expect(performance.now() - from).toBeLessThan(4_000);
});

test("opening and closing a hundred directories leaves no socket and no waiter behind", async () => {
  const registry = await startRegistry({ port: 0 });
  endings.push(() => registry.close());
  const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
  const before = sockets();

  for (let round = 0; round < 100; round++) {
    const runtime = createRuntime();
    const directory = createDirectory({ source: consulSource({ url: registry.url, runtime }), runtime });
    directory.view("orders");
    if (round % 2 === 0) await directory.ready();
    directory.close();
  }

  await vi.waitFor(() => expect(sockets()).toBeLessThanOrEqual(before), soon);
});

function watching(url: string, runtime: Runtime = createRuntime()): Directory {
  const directory = createDirectory({ source: consulSource({ url, runtime }), runtime });
  endings.push(() => directory.close());
  return directory;
}

function announced(url: string, runtime: Runtime, id: string, port: number): ReturnType<typeof createRegistration> {
  const registration = createRegistration({
    registrar: consulRegistrar({ url, runtime }),
    instance: { id, service: "orders", address: "127.0.0.1", port, protocol: "http", labels: {}, weight: 1 },
    runtime,
  });
  registration.up();
  endings.push(() => registration.deregister());
  return registration;
}

async function serving(answer: RequestListener, host = "127.0.0.1"): Promise<string> {
  const server: Server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  endings.unshift(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://${host.includes(":") ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
}

function heardRuntime(): { runtime: Runtime; events: MeshEvent[] } {
  const runtime = createRuntime();
  const events: MeshEvent[] = [];
  runtime.events.listen((event) => events.push(event));
  return { runtime, events };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
