import { createRuntime, type Instance, type MeshEvent, type Runtime } from "@enmesh/core";
import {
  consulRegistrar,
  consulSource,
  createDirectory,
  createRegistration,
  type Directory,
  type Registration,
} from "@enmesh/discovery";
import { startRegistry } from "@enmesh/registry";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";

import { consulBinary, startConsul } from "./support/consul.ts";

/** The same discovery against every server of the Consul HTTP API that is at hand. */
const servers = [
  {
    name: "the embedded registry",
    start: () => startRegistry({ port: 0 }).then(({ url, close }) => ({ url, stop: close })),
  },
  { name: "a real Consul", start: startConsul },
];
const hasConsul = consulBinary() !== undefined;
if (!hasConsul) console.log("discovery conformance: no Consul on this machine, so only the embedded registry is asked");

describe.each(hasConsul ? servers : servers.slice(0, 1))("discovery through $name", ({ start }) => {
  let url = "";
  let stop: () => Promise<void> = () => Promise.resolve();
  const endings: (() => Promise<void> | void)[] = [];
  let made = 0;

  beforeAll(async () => {
    ({ url, stop } = await start());
  });
  afterEach(async () => {
    for (const end of endings.splice(0).toReversed()) await end();
  });
  afterAll(() => stop());

  function watcher(): { directory: Directory; events: MeshEvent[] } {
    const { runtime, events } = heardRuntime();
    const directory = createDirectory({ source: consulSource({ url, runtime }), runtime });
    endings.push(() => directory.close());
    return { directory, events };
  }

  function announce(changes: Partial<Instance> = {}): {
    registration: Registration;
    events: MeshEvent[];
    instance: Instance;
  } {
    const { runtime, events } = heardRuntime();
    const instance = anInstance(changes);
    const registration = createRegistration({
      registrar: consulRegistrar({ url, runtime }),
      instance,
      runtime,
      heartbeatMs: 300,
      ttlMs: 1_000,
    });
    endings.push(() => registration.deregister());
    return { registration, events, instance };
  }

  function anInstance(changes: Partial<Instance> = {}): Instance {
    made += 1;
    const id = `orders-${made}`;
    return {
      id,
      service: `orders-${made}`,
      address: "127.0.0.1",
      port: 3_000 + made,
      protocol: "http",
      labels: {},
      weight: 1,
      status: "STARTING",
      ...changes,
    };
  }

  test("a service is STARTING, then UP within a moment, and stays so by heartbeats alone", async () => {
    const { directory, events } = watcher();
    const { registration, instance } = announce({
      labels: { team: "shop" },
      version: "v2",
      zone: "a",
      region: "eu",
      weight: 0.5,
    });
    const view = directory.view(instance.service);
    await vi.waitFor(() => expect(view.instances.map(({ status }) => status)).toEqual(["STARTING"]), soon);

    registration.up();
    await vi.waitFor(() => expect(view.snapshot.endpoints).toHaveLength(1), soon);
    await wait(2_500);

    expect(view.snapshot.endpoints[0]?.instance).toEqual({
      ...instance,
      status: "UP",
      labels: { team: "shop", version: "v2" },
    });
    expect(view.state).toBe("known");
    expect(directory.isKnown(instance.service)).toBe(true);
    expect(
      events.filter(({ type, service }) => type === "discovery.changed" && service === instance.service),
    ).toHaveLength(1);
  });

  test("a missed lease takes an instance out", async () => {
    const { directory } = watcher();
    const { runtime } = heardRuntime();
    const registrar = consulRegistrar({ url, runtime });
    endings.push(() => registrar.close());
    const instance = anInstance();
    await registrar.register(instance, { ttlMs: 1_000, deregisterAfterMs: 60_000 });
    await registrar.report(instance, "UP", "UP");
    const view = directory.view(instance.service);
    await vi.waitFor(() => expect(view.snapshot.endpoints).toHaveLength(1), soon);

    await vi.waitFor(() => expect(view.instances.map(({ status }) => status)).toEqual(["DOWN"]), soon);

    expect(view.snapshot.endpoints).toEqual([]);
    expect(view.state).toBe("known");
    await registrar.deregister(instance);
  });

  test("a draining instance gets no calls, and is gone after it was removed", async () => {
    const { directory } = watcher();
    const { registration, instance } = announce();
    registration.up();
    const view = directory.view(instance.service);
    await vi.waitFor(() => expect(view.snapshot.endpoints).toHaveLength(1), soon);

    const from = performance.now();
    await registration.drain();
    await vi.waitFor(() => expect(view.instances.map(({ status }) => status)).toEqual(["DRAINING"]), soon);
    const tookMs = performance.now() - from;
    registration.up();
    await wait(700);
    const whileDraining = view.snapshot.endpoints;
    await registration.deregister();
    await vi.waitFor(() => expect(view.instances).toEqual([]), soon);

    expect(tookMs).toBeLessThan(1_000);
    expect(whileDraining).toEqual([]);
    expect(view.snapshot.endpoints).toEqual([]);
  });

  test("an instance that reports itself down gets no calls until it is up again", async () => {
    const { directory } = watcher();
    const { registration, instance } = announce();
    registration.up();
    const view = directory.view(instance.service);
    await vi.waitFor(() => expect(view.snapshot.endpoints).toHaveLength(1), soon);
    const endpoint = view.snapshot.endpoints[0];

    registration.down("database gone");
    await vi.waitFor(() => expect(view.instances.map(({ status }) => status)).toEqual(["DOWN"]), soon);
    registration.up();
    await vi.waitFor(() => expect(view.snapshot.endpoints).toHaveLength(1), soon);

    expect(view.snapshot.endpoints[0]).toBe(endpoint);
  });

  test("an instance that the registry lost registers itself again, and is never without endpoint for those who watch", async () => {
    const { directory } = watcher();
    const { registration, instance, events } = announce();
    registration.up();
    const view = directory.view(instance.service);
    await vi.waitFor(() => expect(view.snapshot.endpoints).toHaveLength(1), soon);
    let fewest = 1;
    endings.push(view.subscribe(({ snapshot }) => (fewest = Math.min(fewest, snapshot.endpoints.length))));

    await fetch(`${url}/v1/agent/service/deregister/${instance.id}`, { method: "PUT" });
    await vi.waitFor(
      () => expect(events.filter(({ type }) => type === "registration.registered")).toHaveLength(2),
      soon,
    );
    await vi.waitFor(() => expect(view.state).toBe("known"), soon);

    expect(events.map(({ type }) => type)).toContain("registration.lost");
    expect(fewest).toBe(1);
  });

  test("a service of others, known by address of its node, tags and checks, is an instance like any other", async () => {
    const { directory } = watcher();
    const body = {
      Name: "legacy",
      Port: 8_080,
      Tags: ["v3", "zone=b"],
      Meta: { team: "old" },
      Weights: { Passing: 5, Warning: 1 },
    };
    await fetch(`${url}/v1/agent/service/register`, { method: "PUT", body: JSON.stringify(body) });
    endings.push(async () => void (await fetch(`${url}/v1/agent/service/deregister/legacy`, { method: "PUT" })));

    const view = directory.view("legacy");
    await vi.waitFor(() => expect(view.snapshot.endpoints).toHaveLength(1), soon);
    await fetch(`${url}/v1/agent/service/maintenance/legacy?enable=true&reason=test`, { method: "PUT" });
    await vi.waitFor(() => expect(view.snapshot.endpoints).toHaveLength(0), soon);

    expect(view.instances[0]).toMatchObject({
      port: 8_080,
      version: "v3",
      zone: "b",
      labels: { team: "old", version: "v3" },
      weight: 5,
      status: "OUT_OF_SERVICE",
    });
  });

  test("names come and are known quickly, and the registry's own service is none of them", async () => {
    const { directory } = watcher();
    await directory.ready();
    const before = directory.isKnown("orders-not-yet");

    const { registration } = announce({ service: "orders-not-yet" });
    registration.up();
    await vi.waitFor(() => expect(directory.isKnown("orders-not-yet")).toBe(true), soon);

    expect([before, directory.isKnown("consul"), directory.isKnown("example.com")]).toEqual([false, false, false]);
  });
});

const soon = { timeout: 10_000, interval: 10 };

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function heardRuntime(): { runtime: Runtime; events: MeshEvent[] } {
  const runtime = createRuntime();
  const events: MeshEvent[] = [];
  runtime.events.listen((event) => events.push(event));
  return { runtime, events };
}
