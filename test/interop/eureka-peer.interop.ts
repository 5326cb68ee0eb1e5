import { startRegistry, type Registry } from "@enmesh/registry";
import { afterEach, expect, test, vi } from "vitest";

import { startEurekaServer, type JavaProgram } from "./java-programs.ts";

const waiting = { timeout: 30_000, interval: 50 };
const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

test("a live Eureka server takes the registry for its peer, and passes on all that happens", async () => {
  const { eureka, registry } = await peers();
  const call = (method: string, path: string) => fetch(`${eureka.url}/eureka${path}`, { method });
  const statusHere = async (): Promise<unknown> => (await found(registry, "stock"))[0]?.status;

  await register(eureka);
  await vi.waitFor(async () => expect(await statusHere()).toBe("UP"), waiting);
  const viaConsul = await healthy(registry, "stock");
  await call("PUT", "/apps/STOCK/stock-1/status?value=OUT_OF_SERVICE");
  await vi.waitFor(async () => expect(await statusHere()).toBe("OUT_OF_SERVICE"), waiting);
  await call("DELETE", "/apps/STOCK/stock-1/status?value=UP");
  await vi.waitFor(async () => expect(await statusHere()).toBe("UP"), waiting);
  await call("PUT", "/apps/STOCK/stock-1/metadata?version=v2");
  await vi.waitFor(
    async () => expect((await found(registry, "stock"))[0]?.metadata).toEqual({ version: "v2" }),
    waiting,
  );
  await call("DELETE", "/apps/STOCK/stock-1");
  await vi.waitFor(async () => expect(await found(registry, "stock")).toEqual([]), waiting);

  expect(viaConsul).toMatchObject([{ Service: { ID: "stock/stock-1", Address: "10.0.0.9", Port: 81 } }]);
});

test("a live Eureka server passes on heartbeats, and registers anew what the registry has lost", async () => {
  const { eureka, registry } = await peers();
  await register(eureka);
  await vi.waitFor(async () => expect(await found(registry, "stock")).toHaveLength(1), waiting);
  // The lease is of four seconds: only beats that were passed on keep it.
  const beating = setInterval(() => void fetch(`${eureka.url}/eureka/apps/STOCK/stock-1`, { method: "PUT" }), 500);
  endings.push(() => Promise.resolve(clearInterval(beating)));

  const startedAt = Date.now();
  await vi.waitFor(() => expect(Date.now() - startedAt).toBeGreaterThan(8_000), waiting);
  const stillHere = await found(registry, "stock");
  await fetch(`${registry.url}/eureka/apps/STOCK/stock-1`, { method: "DELETE" });
  await vi.waitFor(async () => expect(await found(registry, "stock")).toHaveLength(1), waiting);

  expect(stillHere).toMatchObject([{ status: "UP" }]);
});

async function peers(): Promise<{ eureka: JavaProgram; registry: Registry }> {
  const registry = await startRegistry({ port: 0 });
  endings.push(() => registry.close());
  const eureka = await startEurekaServer({ peer: `${registry.url}/eureka/` });
  endings.push(() => eureka.destroy());
  return { eureka, registry };
}

async function register({ url }: JavaProgram): Promise<void> {
  const instance = {
    instanceId: "stock-1",
    hostName: "stock-host",
    app: "STOCK",
    ipAddr: "10.0.0.9",
    status: "UP",
    port: { $: 81, "@enabled": "true" },
    securePort: { $: 443, "@enabled": "false" },
    dataCenterInfo: { "@class": "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo", name: "MyOwn" },
    leaseInfo: { renewalIntervalInSecs: 1, durationInSecs: 4 },
    vipAddress: "stock",
  };
  const headers = { "content-type": "application/json" };
  const { status } = await fetch(`${url}/eureka/apps/STOCK`, {
    method: "POST",
    headers,
    body: JSON.stringify({ instance }),
  });
  expect(status).toBe(204);
}

interface Found {
  readonly status: string;
  readonly metadata: Readonly<Record<string, string>>;
}

async function found({ url }: Registry, app: string): Promise<Found[]> {
  const answer = await fetch(`${url}/eureka/apps/${app}`, { headers: { accept: "application/json" } });
  if (answer.status === 404) return [];
  return ((await answer.json()) as { application: { instance: Found[] } }).application.instance;
}

async function healthy({ url }: Registry, name: string): Promise<unknown[]> {
  const answer = await fetch(`${url}/v1/health/service/${name}?passing`);
  return (await answer.json()) as unknown[];
}
