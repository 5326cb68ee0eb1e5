import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

import { createRuntime, type Instance, type MeshEvent, type Runtime } from "@enmesh/core";
import { createDirectory, createRegistration, eurekaRegistrar, eurekaSource } from "@enmesh/discovery";
import { startRegistry } from "@enmesh/registry";
import { afterEach, expect, test, vi } from "vitest";

import { gateTo } from "./support/source-conformance.ts";

const endings: (() => Promise<unknown> | void)[] = [];
const soon = { timeout: 10_000, interval: 10 };
const instance: Omit<Instance, "status"> = {
  id: "orders-1",
  service: "orders",
  address: "127.0.0.1",
  port: 3001,
  protocol: "http",
  labels: {},
  weight: 1,
};

afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

test("a Eureka cluster is asked through another server when one is away, and who was lost registers again", async () => {
  const [one, other] = [await startRegistry({ port: 0 }), await startRegistry({ port: 0 })];
  endings.unshift(
    () => one.close(),
    () => other.close(),
  );
  const gate = await gateTo(one.url);
  endings.push(gate.close);
  const { runtime, events } = heardRuntime();
  const url = [`${gate.url}/eureka`, `${other.url}/eureka`];
  const registration = createRegistration({
    registrar: eurekaRegistrar({ url, runtime }),
    instance,
    runtime,
    heartbeatMs: 300,
    ttlMs: 3_000,
  });
  endings.push(() => registration.deregister());
  registration.up();
  const directory = createDirectory({ source: eurekaSource({ url, runtime, everyMs: 100 }), runtime });
  endings.push(() => directory.close());
  const view = directory.view("orders");
  await vi.waitFor(() => expect(view.snapshot.endpoints).toHaveLength(1), soon);

  await gate.outage.begin();
  await vi.waitFor(() => expect(events.map(({ type }) => type)).toContain("registration.lost"), soon);
  await vi.waitFor(async () => expect(await idsAt(other.url)).toEqual(["orders-1"]), soon);
  await vi.waitFor(() => expect(view.state).toBe("known"), soon);

  expect(view.snapshot.endpoints).toHaveLength(1);
});

test("a Eureka server whose delta does not add up is asked for the whole", async () => {
  const paths: string[] = [];
  const record = (id: string): object => ({
    instanceId: id,
    ipAddr: "127.0.0.1",
    port: { $: 3001 + paths.length, "@enabled": "true" },
    status: "UP",
    actionType: "ADDED",
  });
  const applications = (hash: string, ...ids: string[]): string =>
    JSON.stringify({
      applications: { apps__hashcode: hash, application: [{ name: "ORDERS", instance: ids.map(record) }] },
    });
  const answers: Record<string, string> = {
    "/eureka/apps": applications("UP_1_", "a"),
    "/eureka/apps/delta": applications("UP_1_"),
  };
  const url = await serving((request, response) => {
    paths.push(request.url ?? "");
    response.end(answers[request.url ?? ""]);
  });
  const { runtime } = heardRuntime();
  const directory = createDirectory({ source: eurekaSource({ url: `${url}/eureka`, everyMs: 50, runtime }), runtime });
  endings.push(() => directory.close());
  const view = directory.view("orders");
  await vi.waitFor(() => expect(paths.filter((path) => path === "/eureka/apps/delta").length).toBeGreaterThan(3), soon);
  const wholes = paths.filter((path) => path === "/eureka/apps").length;

  answers["/eureka/apps"] = applications("UP_2_", "a", "b");
  answers["/eureka/apps/delta"] = applications("UP_2_");
  await vi.waitFor(() => expect(view.snapshot.endpoints).toHaveLength(2), soon);

  expect(wholes).toBe(1);
});

test.each([403, 404])("a Eureka server without deltas (%i) is asked for the whole each time", async (status) => {
  const url = await serving((request, response) => {
    if (request.url?.endsWith("/delta") === true) response.writeHead(status).end();
    else response.end('{"applications":{"apps__hashcode":"","application":[]}}');
  });
  const { runtime } = heardRuntime();
  const directory = createDirectory({ source: eurekaSource({ url, everyMs: 50, runtime }), runtime });
  endings.push(() => directory.close());

  await directory.ready();
  await pause(300);

  expect(directory.trouble).toBeUndefined();
});

test("a renewal tells the time of the last registration, by which a server knows that it has the newest", async () => {
  const [registered, renewed]: [string[], string[]] = [[], []];
  const url = await serving((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => {
      if (request.method === "POST") {
        registered.push((JSON.parse(text) as { instance: { lastDirtyTimestamp: string } }).instance.lastDirtyTimestamp);
      } else if (request.method === "PUT") {
        renewed.push(new URL(request.url ?? "", url).searchParams.get("lastDirtyTimestamp") ?? "");
      }
      response.writeHead(request.method === "POST" ? 204 : 200).end();
    });
  });
  const { runtime } = heardRuntime();
  const registrar = eurekaRegistrar({ url, runtime });
  const registration = createRegistration({ registrar, instance, runtime, heartbeatMs: 100, ttlMs: 1_000 });
  endings.push(() => registration.deregister());
  registration.up();

  await vi.waitFor(() => expect(renewed.length).toBeGreaterThan(4), soon);

  expect(new Set(renewed.slice(-3))).toEqual(new Set(registered.slice(-1)));
});

async function idsAt(url: string): Promise<string[]> {
  const found = (await (await fetch(`${url}/v1/health/service/orders`)).json()) as { Service: { ID: string } }[];
  // What came by Eureka's API has its application in front.
  return found.map(({ Service }) => Service.ID.replace("orders/", ""));
}

async function serving(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endings.unshift(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function heardRuntime(): { runtime: Runtime; events: MeshEvent[] } {
  const runtime = createRuntime();
  const events: MeshEvent[] = [];
  runtime.events.listen((event) => events.push(event));
  return { runtime, events };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
