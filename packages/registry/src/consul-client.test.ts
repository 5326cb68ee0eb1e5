import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { startRegistry, type Registry } from "./registry.ts";

vi.setConfig({ testTimeout: 60_000 });

// The client's home is another package: it is loaded by its name at run time, and only its behaviour counts for us.
const clientName: string = "consul";
const { default: Consul } = (await import(clientName)) as { readonly default: new (options: object) => ConsulClient };

let registry: Registry;
let consul: ConsulClient;
beforeAll(async () => {
  registry = await startRegistry({ port: 0 });
  consul = new Consul({ host: "127.0.0.1", port: registry.port });
});
afterAll(() => registry.close());

describe("the consul client", () => {
  test("registers, beats, finds and deregisters a service", async () => {
    await consul.agent.service.register({
      name: "orders",
      id: "orders-1",
      port: 80,
      tags: ["v1"],
      check: { ttl: "10s" },
    });
    const critical = await consul.health.service({ service: "orders", passing: true });
    await consul.agent.check.pass("service:orders-1");
    const passing = await consul.health.service({ service: "orders", passing: true });
    const listed = await consul.catalog.service.list();
    await consul.agent.service.deregister("orders-1");

    expect(critical).toEqual([]);
    expect(passing).toMatchObject([{ Service: { ID: "orders-1", Port: 80, Tags: ["v1"] } }]);
    expect(listed).toEqual({ consul: [], orders: ["v1"] });
    expect(await consul.agent.service.list()).toEqual({});
  });

  test("sets, gets, lists and deletes keys", async () => {
    const isSet = await consul.kv.set({ key: "app/a b%", value: "1", cas: "0" });
    const isSetAgain = await consul.kv.set({ key: "app/a b%", value: "2", cas: "0" });

    // The client makes nothing of a plain "false".
    expect([isSet, isSetAgain]).toEqual([true, undefined]);
    expect(await consul.kv.get("app/a b%")).toMatchObject({ Key: "app/a b%", Value: "1" });
    expect(await consul.kv.keys("app/")).toEqual(["app/a b%"]);
    expect(await consul.kv.del({ key: "app/", recurse: true })).toBe(true);
    expect(await consul.kv.get("app/a b%")).toBeUndefined();
  });

  test("watches a service and hears of each change", async () => {
    const watch = consul.watch({ method: consul.health.service, options: { service: "stock", wait: "5s" } });
    const counts: number[] = [];
    const heard = (count: number): Promise<void> =>
      new Promise((resolve) => {
        const look = (entries: unknown[]): void => {
          counts.push(entries.length);
          if (entries.length !== count) return;
          watch.off("change", look);
          resolve();
        };
        watch.on("change", look);
      });

    await heard(0);
    const first = heard(1);
    await consul.agent.service.register({ name: "stock", id: "stock-1" });
    await first;
    const gone = heard(0);
    await consul.agent.service.deregister("stock-1");
    await gone;
    watch.end();

    expect(counts).toEqual([0, 1, 0]);
  });

  test("puts a service under maintenance and takes it out", async () => {
    await consul.agent.service.register("orders");

    await consul.agent.service.maintenance({ id: "orders", enable: true, reason: "disk" });
    const under = await consul.health.checks("orders");
    await consul.agent.service.maintenance({ id: "orders", enable: false });

    expect(under).toMatchObject([{ CheckID: "_service_maintenance:orders", Notes: "disk", Status: "critical" }]);
    expect(await consul.health.checks("orders")).toEqual([]);
  });

  test("asks who we are", async () => {
    expect(await consul.agent.self()).toMatchObject({ Config: { Datacenter: "dc1" }, Member: { Status: 1 } });
    expect(await consul.agent.members()).toHaveLength(1);
    expect(await consul.status.leader()).toBe("127.0.0.1:8300");
    expect(await consul.catalog.datacenters()).toEqual(["dc1"]);
  });

  test("is told of a heartbeat for a check that is gone, so that it registers anew", async () => {
    await expect(consul.agent.check.pass("service:gone")).rejects.toMatchObject({ statusCode: 404 });
  });
});

type Call = (options?: unknown) => Promise<unknown>;

/** As much of the client as is used here. */
interface ConsulClient {
  readonly agent: {
    readonly self: Call;
    readonly members: Call;
    readonly service: Readonly<Record<"register" | "deregister" | "list" | "maintenance", Call>>;
    readonly check: Readonly<Record<"pass", Call>>;
  };
  readonly health: Readonly<Record<"service" | "checks", Call>>;
  readonly catalog: { readonly service: Readonly<Record<"list", Call>>; readonly datacenters: Call };
  readonly kv: Readonly<Record<"get" | "set" | "del" | "keys", Call>>;
  readonly status: Readonly<Record<"leader", Call>>;
  watch(options: object): {
    on(event: "change", listener: (entries: unknown[]) => void): void;
    off(event: "change", listener: (entries: unknown[]) => void): void;
    end(): void;
  };
}
