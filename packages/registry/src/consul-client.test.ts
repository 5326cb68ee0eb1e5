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

  test("takes a lock with its session, is refused another's, and gives it back", async () => {
    const { ID: mine } = (await consul.session.create({ name: "me", ttl: "15s", lockdelay: "1s" })) as Named;
    const { ID: others } = (await consul.session.create()) as Named;

    const isMine = await consul.kv.set({ key: "lock", value: "me", acquire: mine });
    // The client makes nothing of a plain "false".
    const isTheirs = await consul.kv.set({ key: "lock", value: "them", acquire: others });
    const held = await consul.kv.get("lock");
    const isFree = await consul.kv.set({ key: "lock", value: "", release: mine });

    expect([isMine, isTheirs, isFree]).toEqual([true, undefined, true]);
    expect(held).toMatchObject({ LockIndex: 1, Session: mine, Value: "me" });
    expect(await consul.session.renew(mine)).toMatchObject([{ ID: mine, TTL: "15s" }]);
    expect(await consul.session.info(mine)).toMatchObject({ ID: mine, Name: "me", LockDelay: 1e9 });
    expect(await consul.session.node((await agentName()) ?? "")).toHaveLength(2);
    await consul.session.destroy(mine);
    expect(await consul.session.list()).toMatchObject([{ ID: others }]);
  });

  test("watches a key, and a lock that is lost with its session", async () => {
    const { ID: session } = (await consul.session.create({ behavior: "delete" })) as Named;
    await consul.kv.set({ key: "leader", value: "me", acquire: session });
    const watch = consul.watch({ method: consul.kv.get, options: { key: "leader", wait: "5s" } });
    const heard: unknown[] = [];
    const isGone = new Promise<void>((resolve) => {
      watch.on("change", (entry: unknown) => {
        heard.push((entry as { Value?: string } | undefined)?.Value);
        if (entry === undefined) resolve();
        else void consul.session.destroy(session);
      });
    });

    await isGone;
    watch.end();

    expect(heard).toEqual(["me", undefined]);
  });

  test("makes a transaction, whole or not at all", async () => {
    const value = Buffer.from("1").toString("base64");
    const made = await consul.transaction.create([
      { KV: { Verb: "set", Key: "t/a", Value: value } },
      { KV: { Verb: "get", Key: "t/a" } },
    ]);
    const refused = consul.transaction.create([
      { KV: { Verb: "set", Key: "t/b", Value: value } },
      { KV: { Verb: "cas", Key: "t/a", Index: 1, Value: value } },
    ]);

    expect(made).toMatchObject({ Results: [{ KV: { Key: "t/a" } }, { KV: { Value: value } }], Errors: null });
    await expect(refused).rejects.toMatchObject({ statusCode: 409 });
    expect(await consul.kv.keys("t/")).toEqual(["t/a"]);
  });

  test("registers a node from outside, and finds it by filter and by metadata", async () => {
    await consul.catalog.register({
      node: "db-host",
      address: "10.0.0.9",
      nodemeta: { rack: "r1" },
      service: { service: "db", port: 5432 },
      check: { checkid: "service:db", name: "db", status: "passing", serviceid: "db" },
    });

    expect(await consul.catalog.node.list({ "node-meta": "rack:r1" })).toMatchObject([{ Node: "db-host" }]);
    expect(await consul.catalog.node.services("db-host")).toMatchObject({ Services: { db: { Port: 5432 } } });
    expect(await consul.catalog.service.nodes("db")).toMatchObject([{ Address: "10.0.0.9", ServicePort: 5432 }]);
    expect(await consul.health.service({ service: "db", filter: "Service.Port == 5432" })).toHaveLength(1);
    expect(await consul.health.service({ service: "db", filter: "Service.Port == 1" })).toEqual([]);
    expect(await consul.health.node("db-host")).toMatchObject([{ CheckID: "service:db", Status: "passing" }]);
    expect(await consul.health.state("passing")).toHaveLength(2);

    await consul.catalog.deregister({ node: "db-host" });
    expect(await consul.catalog.service.nodes("db")).toEqual([]);
  });

  test("registers, beats and deregisters a check of its own", async () => {
    await consul.agent.check.register({ name: "disk", ttl: "30s", notes: "n" });
    await consul.agent.check.warn({ id: "disk", note: "80 %" });
    const warned = await consul.agent.check.list();
    await consul.agent.check.fail("disk");
    const failed = await consul.health.state("critical");
    await consul.agent.check.deregister("disk");

    expect(warned).toMatchObject({ disk: { Status: "warning", Output: "80 %", Notes: "n" } });
    expect(failed).toMatchObject([{ CheckID: "disk" }]);
    expect(await consul.agent.check.list()).toEqual({});
  });

  test("fires an event, and hears of it", async () => {
    const fired = (await consul.event.fire({ name: "deploy", payload: "v2" })) as Named;

    expect(fired).toMatchObject({ Name: "deploy", Payload: "v2" });
    expect(await consul.event.list("deploy")).toMatchObject([{ ID: fired.ID, Payload: "v2" }]);
  });

  test("puts the node under maintenance, and takes it out", async () => {
    await consul.agent.service.register("orders");

    await consul.agent.maintenance({ enable: true, reason: "disk" });
    const under = await consul.health.service({ service: "orders", passing: true });
    await consul.agent.maintenance(false);

    expect(under).toEqual([]);
    expect(await consul.health.service({ service: "orders", passing: true })).toHaveLength(1);
  });

  test("asks who we are", async () => {
    expect(await consul.agent.self()).toMatchObject({ Config: { Datacenter: "dc1" }, Member: { Status: 1 } });
    expect(await consul.agent.members()).toHaveLength(1);
    expect(await consul.status.leader()).toBe("127.0.0.1:8300");
    expect(await consul.status.peers()).toEqual(["127.0.0.1:8300"]);
    expect(await consul.catalog.datacenters()).toEqual(["dc1"]);
    await consul.agent.reload();
    await consul.agent.join("127.0.0.1");
    await expect(consul.agent.forceLeave("none")).rejects.toMatchObject({ statusCode: 500 });
  });

  test("is told of a heartbeat for a check that is gone, so that it registers anew", async () => {
    await expect(consul.agent.check.pass("service:gone")).rejects.toMatchObject({ statusCode: 404 });
  });
});

async function agentName(): Promise<string | undefined> {
  return ((await consul.agent.self()) as { readonly Config: { readonly NodeName: string } }).Config.NodeName;
}

interface Named {
  readonly ID: string;
}

type Call = (options?: unknown) => Promise<unknown>;
type Calls<Names extends string> = Readonly<Record<Names, Call>>;

/** As much of the client as is used here. */
interface ConsulClient {
  readonly agent: Calls<"self" | "members" | "maintenance" | "reload" | "join" | "forceLeave"> & {
    readonly service: Calls<"register" | "deregister" | "list" | "maintenance">;
    readonly check: Calls<"pass" | "warn" | "fail" | "list" | "register" | "deregister">;
  };
  readonly health: Calls<"service" | "checks" | "node" | "state">;
  readonly catalog: Calls<"datacenters" | "register" | "deregister"> & {
    readonly service: Calls<"list" | "nodes">;
    readonly node: Calls<"list" | "services">;
  };
  readonly kv: Calls<"get" | "set" | "del" | "keys">;
  readonly session: Calls<"create" | "destroy" | "info" | "list" | "node" | "renew">;
  readonly event: Calls<"fire" | "list">;
  readonly transaction: Calls<"create">;
  readonly status: Calls<"leader" | "peers">;
  watch(options: object): {
    on(event: "change", listener: (entries: unknown[]) => void): void;
    off(event: "change", listener: (entries: unknown[]) => void): void;
    end(): void;
  };
}
