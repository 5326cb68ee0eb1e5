import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createRuntime, type MeshEvent } from "@enmesh/core";
import { startRegistry } from "@enmesh/registry";
import { createMesh, type Mesh, type MeshOptions } from "enmesh";
import { enmesh } from "enmesh/node";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { freePort } from "./support/free-port.ts";

const endings: (() => Promise<unknown> | void)[] = [];
const soon = { timeout: 15_000, interval: 20 };
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "enmesh-snapshot-"));
});
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
  await rm(directory, { recursive: true, force: true });
});

const quiet: MeshOptions = { log: false, metrics: false, tracing: false, admin: false, signals: false };

test("while the registry is down a service starts from its snapshot, its calls succeed, and the registry is believed once it is back", async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let registry = await startRegistry({ port });
  await startOrders(url);
  const first = await web(url);
  await vi.waitFor(
    async () => expect(await first.mesh.request("http://orders/").then(({ statusCode }) => statusCode)).toBe(200),
    soon,
  );
  await first.mesh.close();
  await registry.close();

  const from = performance.now();
  const second = await web(url);
  endings.push(() => second.mesh.close());
  const startedMs = performance.now() - from;
  const answers = await Promise.all(Array.from({ length: 50 }, () => second.mesh.request("http://orders/")));
  const [away] = second.mesh.state().services;
  registry = await startRegistry({ port });
  endings.unshift(() => registry.close());
  const failures: unknown[] = [];
  const stopCalling = calling(second.mesh, failures);
  await vi.waitFor(() => expect(second.mesh.state().services[0]?.state).toBe("known"), soon);
  await stopCalling();

  console.log(`started from a snapshot, with the registry down, in ${Math.round(startedMs)} ms`);
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array.from({ length: 50 }, () => 200));
  expect(away?.state).toBe("stale");
  expect(away?.trouble).toMatch(/ECONNREFUSED.*its instances are those of a snapshot, .* old$/);
  expect(second.events.map(({ type }) => type)).toContain("discovery.snapshot_loaded");
  expect(failures).toEqual([]);
  expect(startedMs).toBeLessThan(1_500);
});

test("a snapshot is one file that only its owner reads, and a torn one is as good as none", async () => {
  const registry = await startRegistry({ port: 0 });
  endings.unshift(() => registry.close());
  await startOrders(registry.url);
  const first = await web(registry.url);
  await vi.waitFor(
    async () => expect(await first.mesh.request("http://orders/").then(({ statusCode }) => statusCode)).toBe(200),
    soon,
  );
  await first.mesh.close();

  const files = await readdir(directory);
  const path = join(directory, files[0] as string);
  const text = await readFile(path, "utf8");
  const { mode } = await stat(path);
  await writeFile(path, text.slice(0, text.length / 2));
  const second = await web(registry.url);
  endings.push(() => second.mesh.close());

  expect(files).toEqual(["default.web.json"]);
  expect(mode & 0o777).toBe(0o600);
  expect(second.events.find(({ type }) => type === "discovery.snapshot_unusable")).toMatchObject({
    reason: "it is not JSON: torn, or not a snapshot",
  });
  await expect(second.mesh.request("http://orders/")).resolves.toMatchObject({ statusCode: 200 });
});

async function startOrders(registry: string): Promise<void> {
  const mesh = await createMesh({ service: "orders", registry, drain: { propagation: 1 }, ...quiet });
  const server = createServer(enmesh(mesh, (_request, response) => void response.end("here")));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await mesh.join(server);
  endings.push(() => mesh.close());
}

async function web(registry: string): Promise<{ mesh: Mesh; events: MeshEvent[] }> {
  const runtime = createRuntime();
  const events: MeshEvent[] = [];
  runtime.events.listen((event) => events.push(event));
  return { events, mesh: await createMesh({ service: "web", registry, snapshot: directory, runtime, ...quiet }) };
}

/** Calls again and again until told to stop, and keeps what fails. */
function calling(mesh: Mesh, failures: unknown[]): () => Promise<void> {
  let isOver = false;
  const running = (async () => {
    while (!isOver) {
      await mesh.request("http://orders/").catch((error: unknown) => failures.push(error));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  return () => {
    isOver = true;
    return running;
  };
}
