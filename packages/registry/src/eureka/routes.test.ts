import { describe, expect, test } from "vitest";

import { eurekaWorld, instance } from "../../test/eureka-world.ts";

const id = "host-1:orders:8080";
const at = `/apps/ORDERS/${id}`;

describe("a lease", () => {
  test("ends at its duration, not at twice of it, and with it its instance", async () => {
    const { register, ask, json, time } = eurekaWorld();
    await register(instance());

    time.advance(89_999);
    const before = await ask("GET", at);
    time.advance(1);
    const after = await ask("GET", at);

    expect([before.status, after.status]).toEqual([200, 404]);
    expect(await json("/apps")).toMatchObject({ applications: { apps__hashcode: "", application: [] } });
    expect((await ask("PUT", at)).status).toBe(404);
    expect((await ask("DELETE", at)).status).toBe(404);
  });

  test("that has ended is critical in the catalog for one more term, and then nowhere", async () => {
    const { register, time, store, events } = eurekaWorld();
    await register(instance());
    const check = `service:orders/${id}`;

    time.advance(90_000);
    const ended = store.catalog.checks.get(check);
    time.advance(90_000);

    expect(ended).toMatchObject({ status: "critical", output: "TTL expired (last output before timeout follows): UP" });
    expect([store.catalog.services.size, store.catalog.checks.size]).toEqual([0, 0]);
    expect(events.filter(({ type }) => type === "service.reaped")).toMatchObject([{ service: "orders" }]);
  });

  test("that has ended begins anew with a registration, without what it once was", async () => {
    const { register, ask, json, time } = eurekaWorld();
    await register(instance());
    await ask("PUT", `${at}/status?value=OUT_OF_SERVICE`);
    time.advance(100_000);

    await register(instance());
    time.advance(89_999);

    expect(await json(at)).toMatchObject({ instance: { status: "UP", overriddenStatus: "UNKNOWN" } });
  });

  test("is not believed to have ended when many end at once; who fell first is given back", async () => {
    const { register, ask, json, time } = eurekaWorld();
    const names = Array.from({ length: 10 }, (_each, which) => `i${which}`);
    for (const instanceId of names) await register(instance({ instanceId }));
    time.advance(85_000);
    for (const instanceId of names.slice(2)) await ask("PUT", `/apps/ORDERS/${instanceId}`);

    time.advance(5_000);
    const whenTwoEnded = await json("/apps");
    time.advance(85_000);

    expect(whenTwoEnded).toMatchObject({ applications: { apps__hashcode: "UP_8_" } });
    expect(await json("/apps")).toMatchObject({ applications: { apps__hashcode: "UP_10_" } });
    expect((await ask("PUT", "/apps/ORDERS/i0")).status).toBe(200);
  });

  test("that is renewed lasts, without a commit", async () => {
    const { register, ask, time, store } = eurekaWorld();
    await register(instance());
    const index = store.index;

    for (let beat = 0; beat < 1_000; beat++) {
      time.advance(30_000);
      expect((await ask("PUT", `${at}?status=UP&lastDirtyTimestamp=1700000000000`)).status).toBe(200);
    }

    expect(store.index).toBe(index);
    expect((await ask("GET", at)).text).toContain(`<lastRenewalTimestamp>${time.wall()}</lastRenewalTimestamp>`);
  });

  test("gets a full term after a restart", async () => {
    const first = eurekaWorld();
    await first.register(instance());
    first.time.advance(80_000);

    const { ask, time } = eurekaWorld(first.store);
    time.advance(89_999);

    expect((await ask("GET", at)).status).toBe(200);
  });

  test("of a client that changed since is answered with 404, so that it says what changed", async () => {
    const { register, ask } = eurekaWorld();
    await register(instance());

    expect((await ask("PUT", `${at}?lastDirtyTimestamp=1700000000001`)).status).toBe(404);
    expect((await ask("PUT", `${at}?lastDirtyTimestamp=1`)).status).toBe(200);
    expect((await ask("PUT", at)).status).toBe(200);
  });

  test("that is cancelled is gone; nobody else's is", async () => {
    const { register, ask } = eurekaWorld();
    await register(instance());
    await register(instance({ instanceId: "other" }));

    expect((await ask("DELETE", at)).status).toBe(200);
    expect((await ask("DELETE", at)).status).toBe(404);
    expect((await ask("GET", "/apps/ORDERS/other")).status).toBe(200);
  });
});

describe("an override", () => {
  test("holds against the client's own word, over its registrations and over a restart", async () => {
    const first = eurekaWorld();
    await first.register(instance());
    expect((await first.ask("PUT", `${at}/status?value=OUT_OF_SERVICE`)).status).toBe(200);
    await first.ask("PUT", at);
    await first.register(instance({ lastDirtyTimestamp: 1_800_000_000_000 }));

    const { json } = eurekaWorld(first.store);

    expect(await json(at)).toMatchObject({
      instance: { status: "OUT_OF_SERVICE", overriddenStatus: "OUT_OF_SERVICE" },
    });
  });

  test("does not hide that the client cannot take calls", async () => {
    const { register, ask, json } = eurekaWorld();
    await register(instance());
    await ask("PUT", `${at}/status?value=OUT_OF_SERVICE`);

    await register(instance({ status: "DOWN", lastDirtyTimestamp: 1_800_000_000_000 }));

    expect(await json(at)).toMatchObject({ instance: { status: "DOWN", overriddenStatus: "OUT_OF_SERVICE" } });
  });

  test("that is taken away with a value gives that status; without one the client is asked to register anew", async () => {
    const { register, ask, json } = eurekaWorld();
    await register(instance());
    await ask("PUT", `${at}/status?value=OUT_OF_SERVICE`);
    expect((await ask("DELETE", `${at}/status?value=UP`)).status).toBe(200);
    expect(await json(at)).toMatchObject({ instance: { status: "UP", overriddenStatus: "UNKNOWN" } });

    await ask("PUT", `${at}/status?value=OUT_OF_SERVICE`);
    await ask("DELETE", `${at}/status`);

    expect(await json(at)).toMatchObject({ instance: { status: "UNKNOWN" } });
    expect((await ask("PUT", at)).status).toBe(404);
    await register(instance());
    expect(await json(at)).toMatchObject({ instance: { status: "UP" } });
  });

  test.each([
    ["PUT", `${at}/status?value=AWAY`, 500],
    ["PUT", `${at}/status`, 500],
    ["DELETE", `${at}/status?value=AWAY`, 500],
    ["PUT", "/apps/ORDERS/nobody/status?value=UP", 404],
    ["DELETE", "/apps/ORDERS/nobody/status?value=UP", 404],
    ["PUT", "/apps/ORDERS/nobody/metadata?a=b", 404],
  ])("%s %s is answered with %i", async (method, path, status) => {
    const { register, ask } = eurekaWorld();
    await register(instance());

    expect((await ask(method, path)).status).toBe(status);
  });
});

test("metadata is merged, without a token, the first value of a key counts, and the lease begins anew", async () => {
  const { register, ask, json, time } = eurekaWorld();
  await register(instance());
  time.advance(80_000);

  expect((await ask("PUT", `${at}/metadata?version=v2&token=secret&version=v3&zone=b`)).status).toBe(200);
  time.advance(80_000);

  const metadata = { zone: "b", "management.port": "9090", version: "v2" };
  expect(await json(at)).toHaveProperty("instance.metadata", metadata);
});

describe("asking", () => {
  test("gives XML unless the Accept header has json in it", async () => {
    const { register, ask } = eurekaWorld();
    await register(instance());
    const typeFor = async (accept?: string) =>
      (await ask("GET", "/apps/", { headers: accept === undefined ? {} : { accept } })).headers?.["Content-Type"];

    expect(await typeFor()).toBe("application/xml");
    expect(await typeFor("*/*")).toBe("application/xml");
    expect(await typeFor("application/json, application/*+json")).toBe("application/json");
  });

  test("for an empty registry gives an empty hash", async () => {
    const { json } = eurekaWorld();

    const applications = { versions__delta: "1", apps__hashcode: "", application: [] };
    expect(await json("/apps")).toEqual({ applications });
    expect(await json("/apps/delta")).toEqual({ applications });
  });

  test.each([
    "/apps",
    "/apps/",
    "/v2/apps",
    "/v2/apps/",
    "/apps/ORDERS",
    "/apps/orders",
    "/instances/a%23%3F%5B1.%5D!",
    "/vips/orders",
    "/svips/safe-orders",
  ])("%s finds what is there", async (path) => {
    const { register, ask } = eurekaWorld();
    await register(instance({ instanceId: "a#?[1.]!", vipAddress: "other,orders", secureVipAddress: "safe-orders" }));

    const { status, text } = await ask("GET", path);

    expect(status).toBe(200);
    expect(text).toContain("<instanceId>a#?[1.]!</instanceId>");
  });

  test.each(["/apps/STOCK", "/apps/ORDERS/nobody", "/instances/nobody", "/nothing", "/apps/a/b/c/d"])(
    "%s gives 404",
    async (path) => {
      const { register, ask } = eurekaWorld();
      await register(instance());

      expect((await ask("GET", path)).status).toBe(404);
    },
  );

  test.each(["/vips/nobody", "/svips/nobody"])("%s gives an empty list", async (path) => {
    const { register, json } = eurekaWorld();
    await register(instance());

    const empty = { versions__delta: "-1", apps__hashcode: "", application: [] };
    expect(await json(path)).toEqual({ applications: empty });
  });

  test("in a wrong way tells the right ones", async () => {
    const { ask } = eurekaWorld();

    expect(await ask("DELETE", "/apps")).toMatchObject({ status: 405, headers: { Allow: "GET" } });
    expect(await ask("POST", at)).toMatchObject({ status: 405, headers: { Allow: "GET,PUT,DELETE" } });
    expect((await ask("GET", "/apps/%zz")).status).toBe(400);
  });
});

describe("a delta", () => {
  test("has the last word on each instance, with the hash of the whole, for three minutes", async () => {
    const { register, ask, json, time } = eurekaWorld();
    await register(instance({ leaseInfo: { durationInSecs: 10_000 } }));
    await json("/apps");
    time.advance(200_000);
    await register(instance({ instanceId: "b", status: "STARTING" }));
    await register(instance({ instanceId: "c" }));
    await json("/apps/delta");
    await ask("DELETE", "/apps/ORDERS/c");

    const delta = await json("/apps/delta");
    time.advance(90_000);
    time.advance(179_000);

    expect(delta).toMatchObject({ applications: { apps__hashcode: "STARTING_1_UP_1_" } });
    expect(actionsIn(delta)).toEqual(["b ADDED", "c DELETED"]);
    expect(actionsIn(await json("/apps/delta"))).toEqual(["b DELETED"]);
  });

  test("is empty when nothing has changed for three minutes", async () => {
    const { register, json, time } = eurekaWorld();
    await register(instance({ leaseInfo: { durationInSecs: 10_000 } }));
    await json("/apps/delta");

    time.advance(180_000);

    expect(actionsIn(await json("/apps/delta"))).toEqual([]);
    expect(await json("/apps/delta")).toMatchObject({ applications: { apps__hashcode: "UP_1_" } });
  });

  test("of a registry that was only just started has everything", async () => {
    const first = eurekaWorld();
    await first.register(instance());

    const { json } = eurekaWorld(first.store);

    expect(actionsIn(await json("/apps/delta"))).toEqual([`${id} ADDED`]);
  });
});

function actionsIn(answer: unknown): string[] {
  const { applications } = answer as {
    applications: { application: { instance: { instanceId: string; actionType: string }[] }[] };
  };
  const instances = applications.application.flatMap((each) => each.instance);
  return instances.map(({ instanceId, actionType }) => `${instanceId} ${actionType}`);
}
