import http from "node:http";

import { startRegistry, type Registry } from "@enmesh/registry";
import { createMesh } from "enmesh";
import { enmesh } from "enmesh/node";
import { afterEach, expect, test, vi } from "vitest";

import { startSpringClient } from "./java-programs.ts";

const quiet = { log: { level: "silent" }, admin: false, signals: false, drain: { propagation: 0 } } as const;
const waiting = { timeout: 60_000, interval: 100 };
const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

test("a Spring Cloud service registers, beats, is called by a mesh, and leaves when it ends", async () => {
  const registry = await started();
  const spring = await startSpringClient(`${registry.url}/eureka/`);
  endings.push(() => spring.destroy());
  const mesh = await createMesh({ ...quiet, service: "caller", registry: registry.url });
  endings.push(() => mesh.close());

  const entry = await vi.waitFor(async () => {
    const [found] = await healthy(registry, "spring-client");
    expect(found).toBeDefined();
    return found;
  }, waiting);
  const registeredAt = Date.now();
  // It beats each second, and its lease is of four.
  await vi.waitFor(() => expect(Date.now() - registeredAt).toBeGreaterThan(6_000), waiting);
  const stillThere = await healthy(registry, "spring-client");
  const answer = await mesh.fetch("http://spring-client/services");
  const known = await answer.json();
  await spring.kill("SIGTERM");

  const Meta = expect.objectContaining({ zone: "a", version: "v3" }) as object;
  expect(entry).toMatchObject({ Service: { Service: "spring-client", Address: "127.0.0.1", Meta } });
  expect(stillThere).toHaveLength(1);
  expect(answer.status).toBe(200);
  expect(known).toContain("spring-client");
  expect(await healthy(registry, "spring-client")).toEqual([]);
});

test("a Spring Cloud service that is killed is gone when its lease ends", async () => {
  const registry = await started();
  const spring = await startSpringClient(`${registry.url}/eureka/`);
  endings.push(() => spring.destroy());
  await vi.waitFor(async () => expect(await healthy(registry, "spring-client")).toHaveLength(1), waiting);

  await spring.destroy();
  const killedAt = Date.now();
  await vi.waitFor(async () => expect(await healthy(registry, "spring-client")).toEqual([]), waiting);

  expect(Date.now() - killedAt).toBeLessThan(8_000);
});

test("a Spring Cloud service discovers services of a mesh, and hears when they come and go", async () => {
  const registry = await started();
  const spring = await startSpringClient(`${registry.url}/eureka/`);
  endings.push(() => spring.destroy());
  const found = async (): Promise<unknown> => (await fetch(`${spring.url}/services/orders`)).json();

  const before = await found();
  const mesh = await createMesh({ ...quiet, service: "orders", registry: registry.url });
  endings.push(() => mesh.close());
  const server = http.createServer(enmesh(mesh, (_request, response) => response.end("hello"))).listen(0, "127.0.0.1");
  await mesh.join(server);
  const { port } = server.address() as { readonly port: number };
  const uri = `http://127.0.0.1:${port}`;
  await vi.waitFor(async () => expect(await found()).toMatchObject([{ uri, secure: false }]), waiting);
  await mesh.close();
  await vi.waitFor(async () => expect(await found()).toEqual([]), waiting);

  expect(before).toEqual([]);
});

async function started(): Promise<Registry> {
  const registry = await startRegistry({ port: 0 });
  endings.push(() => registry.close());
  return registry;
}

async function healthy({ url }: Registry, name: string): Promise<unknown[]> {
  const answer = await fetch(`${url}/v1/health/service/${name}?passing`);
  return (await answer.json()) as unknown[];
}
