import { describe, expect, test } from "vitest";

import { eurekaWorld, instance } from "../../test/eureka-world.ts";
import type { CheckDefinition } from "../model/check.ts";

const own = "orders/host-1:orders:8080";
const lease = `service:${own}`;

describe("an instance of a Eureka client, in the catalog", () => {
  test("is a service with a lower-case name, its address, its metadata, and a check that is its lease", async () => {
    const { register, store } = eurekaWorld();

    await register(instance());

    expect(store.catalog.services.get(own)).toMatchObject({
      name: "orders",
      address: "10.0.0.7",
      port: 8080,
      meta: { zone: "a", "management.port": "9090" },
    });
    expect(store.catalog.checks.get(lease)).toMatchObject({ status: "passing", output: "UP", ttlMs: 90_000 });
  });

  test("that takes TLS only has its secure port, and says so", async () => {
    const { register, store } = eurekaWorld();

    await register(instance({ port: { $: 80, "@enabled": "false" }, securePort: { $: 8443, "@enabled": "true" } }));

    expect(store.catalog.services.get(own)).toMatchObject({ port: 8443, meta: { secure: "true" } });
  });

  test.each(["STARTING", "DOWN", "OUT_OF_SERVICE", "UNKNOWN"])(
    "that is %s is critical, with that word",
    async (status) => {
      const { register, store } = eurekaWorld();

      await register(instance({ status }));

      expect(store.catalog.checks.get(lease)).toMatchObject({ status: "critical", output: status });
    },
  );

  test("shows a change of status at once, and its word as well", async () => {
    const { register, ask, store } = eurekaWorld();
    await register(instance({ status: "DOWN" }));

    await ask("PUT", "/apps/ORDERS/host-1:orders:8080/status?value=OUT_OF_SERVICE");
    const out = store.catalog.checks.get(lease);
    await ask("DELETE", "/apps/ORDERS/host-1:orders:8080/status?value=UP");

    expect(out).toMatchObject({ status: "critical", output: "OUT_OF_SERVICE" });
    expect(store.catalog.checks.get(lease)).toMatchObject({ status: "passing", output: "UP" });
  });

  test("of the same id as one of another application is another instance", async () => {
    const { register, store } = eurekaWorld();

    await register(instance({ instanceId: "host-1" }));
    await register(instance({ instanceId: "host-1", app: "STOCK" }));
    await register(instance({ instanceId: "b/c", app: "A" }));
    await register(instance({ instanceId: "c", app: "A/B" }));

    expect([...store.catalog.services.keys()]).toEqual(["orders/host-1", "stock/host-1", "a/b/c", "a%2Fb/c"]);
  });

  test("does not take the place of a service with another name", async () => {
    const { register, agent, store } = eurekaWorld();
    agent.registerService(service({ id: own, name: "stock" }), []);

    expect((await register(instance())).status).toBe(409);
    expect(store.catalog.services.get(own)?.name).toBe("stock");
  });

  test("is taken out of service by the maintenance mode of the Consul API", async () => {
    const { register, agent, json } = eurekaWorld();
    await register(instance());

    agent.setMaintenance(own, true, "disk");

    expect(await json("/apps/ORDERS")).toMatchObject({ application: { instance: [{ status: "OUT_OF_SERVICE" }] } });
  });
});

describe("an instance of the Consul API, to Eureka's clients", () => {
  test("has an upper-case name, its id and address, its Meta, a VIP address and a lease", async () => {
    const { agent, json, time } = eurekaWorld();
    agent.registerService(service({ meta: { zone: "b" } }), [ttl()]);
    time.advance(4_000);

    expect(await json("/apps/ORDERS/orders-1")).toMatchObject({
      instance: {
        instanceId: "orders-1",
        app: "ORDERS",
        hostName: "10.0.0.1",
        ipAddr: "10.0.0.1",
        status: "UP",
        port: { $: 80, "@enabled": "true" },
        securePort: { "@enabled": "false" },
        vipAddress: "orders",
        homePageUrl: "http://10.0.0.1:80/",
        metadata: { zone: "b" },
        leaseInfo: { durationInSecs: 10, renewalIntervalInSecs: 3, lastRenewalTimestamp: time.wall() - 4_000 },
        dataCenterInfo: { name: "MyOwn" },
        actionType: "ADDED",
      },
    });
  });

  test("keeps the time of its registration when it changes", async () => {
    const { agent, json, time } = eurekaWorld();
    const registeredAt = time.wall();
    agent.registerService(service(), []);
    await json("/apps");
    time.advance(5_000);

    agent.registerService(service({ port: 81 }), []);

    expect(await json("/apps/ORDERS/orders-1")).toMatchObject({
      instance: {
        leaseInfo: { registrationTimestamp: registeredAt },
        lastUpdatedTimestamp: String(registeredAt + 5_000),
        actionType: "MODIFIED",
      },
    });
  });

  test("with TLS has a secure port and no other", async () => {
    const { agent, json } = eurekaWorld();
    agent.registerService(service({ meta: { protocol: "https" } }), []);

    expect(await json("/apps/ORDERS/orders-1")).toMatchObject({
      instance: {
        port: { $: 7001, "@enabled": "false" },
        securePort: { $: 80, "@enabled": "true" },
        homePageUrl: "https://10.0.0.1:80/",
      },
    });
  });

  test("without an address has that of its node", async () => {
    const { agent, json } = eurekaWorld();
    agent.registerService(service({ address: "" }), []);

    expect(await json("/apps/ORDERS/orders-1")).toMatchObject({
      instance: { hostName: "127.0.0.1", ipAddr: "127.0.0.1" },
    });
  });

  test.each([
    ["passing", "", "UP"],
    ["warning", "slow", "UP"],
    ["critical", "", "DOWN"],
    ["critical", "disk full", "DOWN"],
    ["critical", "STARTING", "STARTING"],
    ["critical", "DRAINING", "OUT_OF_SERVICE"],
    ["critical", "OUT_OF_SERVICE", "OUT_OF_SERVICE"],
    ["critical", "TTL expired (last output before timeout follows): DRAINING", "OUT_OF_SERVICE"],
  ] as const)("that is %s and says %j is %s", async (status, output, shown) => {
    const { agent, json } = eurekaWorld();
    agent.registerService(service(), [ttl({ status, output })]);

    expect(await json("/apps/ORDERS/orders-1")).toMatchObject({ instance: { status: shown } });
  });

  test("of Enmesh's own SDK that has said nothing yet is STARTING", async () => {
    const { agent, json } = eurekaWorld();
    agent.registerService(service({ meta: { enmesh: "1" } }), [ttl({ status: "critical" })]);

    expect(await json("/apps/ORDERS/orders-1")).toMatchObject({ instance: { status: "STARTING" } });
  });

  test("stays, as DOWN, when its beats stop", async () => {
    const { agent, json, time } = eurekaWorld();
    agent.registerService(service(), [ttl()]);

    time.advance(10_000);

    expect(await json("/apps/ORDERS/orders-1")).toMatchObject({ instance: { status: "DOWN" } });
  });

  test("is taken out of service, and back, by an override; no other status can be laid upon it", async () => {
    const { agent, ask, json, store } = eurekaWorld();
    agent.registerService(service(), [ttl()]);
    const at = "/apps/ORDERS/orders-1";

    const out = await ask("PUT", `${at}/status?value=OUT_OF_SERVICE`);
    const during = await json(at);
    const maintained = store.catalog.checks.has("_service_maintenance:orders-1");
    const down = await ask("PUT", `${at}/status?value=DOWN`);
    const back = await ask("DELETE", `${at}/status?value=UP`);

    expect([out.status, down.status, back.status]).toEqual([200, 400, 200]);
    expect(during).toMatchObject({ instance: { status: "OUT_OF_SERVICE" } });
    expect(maintained).toBe(true);
    expect(await json(at)).toMatchObject({ instance: { status: "UP" } });
  });

  test("cannot be renewed, and can be taken away", async () => {
    const { agent, ask, store } = eurekaWorld();
    agent.registerService(service(), [ttl()]);
    const at = "/apps/ORDERS/orders-1";

    expect((await ask("PUT", at)).status).toBe(404);
    expect((await ask("PUT", `${at}/metadata?a=b`)).status).toBe(400);
    expect((await ask("DELETE", at)).status).toBe(200);
    expect(store.catalog.services.size).toBe(0);
  });

  test("stands beside those of Eureka in one application, and one id is one instance", async () => {
    const { agent, register, json } = eurekaWorld();
    agent.registerService(service({ name: "Orders" }), []);
    agent.registerService(service({ id: "host-1" }), []);
    await register(instance({ instanceId: "host-1" }));

    const { application } = (await json("/apps/orders")) as {
      application: { instance: { instanceId: string; port: { $: number } }[] };
    };
    expect(application.instance.map(({ instanceId, port }) => `${instanceId} ${port.$}`)).toEqual([
      "host-1 8080",
      "orders-1 80",
    ]);
  });
});

function service(parts: object = {}) {
  return {
    id: "orders-1",
    name: "orders",
    tags: [],
    address: "10.0.0.1",
    port: 80,
    meta: null,
    taggedAddresses: null,
    weights: { Passing: 1, Warning: 1 },
    enableTagOverride: false,
    ...parts,
  };
}

function ttl(parts: Partial<CheckDefinition> = {}): CheckDefinition {
  const rest = { name: "check", notes: "", type: "ttl", deregisterAfterMs: 0 };
  return { id: "service:orders-1", status: "passing", ttlMs: 10_000, ...rest, ...parts };
}
