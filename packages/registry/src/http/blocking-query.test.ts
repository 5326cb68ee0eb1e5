import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { routesWorld, type WorldOptions } from "../../test/routes-world.ts";

describe("a blocking query", () => {
  test("is answered at once when the index has already moved", async () => {
    const { get, register } = world();
    register("orders", "orders-1");

    const query = get("/v1/health/service/orders?index=1&wait=10s");

    expect((await query.now())?.status).toBe(200);
  });

  test("waits for its service, wakes with the change and a higher index", async () => {
    const { get, register, indexOf } = world();
    register("orders", "orders-1");
    const index = await indexOf("/v1/health/service/orders");
    const query = get(`/v1/health/service/orders?index=${index}&wait=10s`);

    const before = await query.now();
    register("orders", "orders-2");

    expect(before).toBeUndefined();
    expect(JSON.parse(String((await query.now())?.body))).toHaveLength(2);
    expect(Number((await query.now())?.headers?.["X-Consul-Index"])).toBeGreaterThan(index);
  });

  test("sleeps on while other services, and the keys, change", async () => {
    const { get, register, put, indexOf } = world();
    register("orders", "orders-1");
    const query = get(`/v1/health/service/orders?index=${await indexOf("/v1/health/service/orders")}&wait=10s`);

    register("stock", "stock-1");
    put("a", "1");

    expect(await query.now()).toBeUndefined();
  });

  test("ends after its time plus at most a sixteenth, with the same index", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.integer({ min: 1, max: 900 }),
        async (chance, seconds) => {
          const { get, time, indexOf } = world({ random: () => chance });
          const index = await indexOf("/v1/health/service/orders");
          const query = get(`/v1/health/service/orders?index=${index}&wait=${seconds}s`);
          const waitMs = Math.min(seconds, 600) * 1_000;

          time.advance(waitMs - 1);
          const early = await query.now();
          time.advance(waitMs / 16 + 1);

          expect(early).toBeUndefined();
          expect((await query.now())?.headers?.["X-Consul-Index"]).toBe(String(index));
        },
      ),
    );
  });

  test("waits five minutes when it does not say how long", async () => {
    const { get, time, indexOf } = world({ random: () => 0 });
    const query = get(`/v1/catalog/services?index=${await indexOf("/v1/catalog/services")}`);

    time.advance(299_999);
    const early = await query.now();
    time.advance(1);

    expect([early, (await query.now())?.status]).toEqual([undefined, 200]);
  });

  test("wakes for a TTL that expires, and not for the beats before", async () => {
    const { get, time, register, beat, indexOf } = world();
    register("orders", "orders-1");
    beat("service:orders-1");
    const query = get(`/v1/health/service/orders?passing&index=${await indexOf("/v1/health/service/orders")}&wait=60s`);

    time.advance(8_000);
    beat("service:orders-1");
    time.advance(9_999);
    const early = await query.now();
    time.advance(1);

    expect(early).toBeUndefined();
    expect(String((await query.now())?.body)).toBe("[]");
  });

  test("for a key wakes when it is made, changed and deleted, but not for its neighbour", async () => {
    const { get, put, remove, indexOf } = world();
    put("app", "");
    const results: unknown[] = [];
    for (const change of [() => put("app/a", "1"), () => put("app/a", "2"), () => remove("app/a")]) {
      const index = await indexOf("/v1/kv/app/a");
      const query = get(`/v1/kv/app/a?index=${index}&wait=60s`);
      put("app/a-neighbour", String(index));
      const early = await query.now();
      change();
      results.push([early, (await query.now())?.status]);
    }

    expect(results).toEqual([
      [undefined, 200],
      [undefined, 200],
      [undefined, 404],
    ]);
  });

  test("for a prefix wakes when a key under it is deleted", async () => {
    const { get, put, remove, indexOf } = world();
    put("app/a", "1");
    put("app/b", "1");
    const index = await indexOf("/v1/kv/app/?recurse");
    const query = get(`/v1/kv/app/?recurse&index=${index}&wait=60s`);

    remove("app/a");

    expect(JSON.parse(String((await query.now())?.body))).toHaveLength(1);
    expect(Number((await query.now())?.headers?.["X-Consul-Index"])).toBeGreaterThan(index);
  });

  test("with an index from another life is answered at once", async () => {
    const { get } = world();

    expect((await get("/v1/health/service/orders?index=99999999&wait=60s").now())?.status).toBe(200);
  });

  test("whose client goes away leaves nothing behind", async () => {
    const { get, context, indexOf } = world();
    const query = get(`/v1/health/service/orders?index=${await indexOf("/v1/health/service/orders")}`);
    const before = context.store.watchers.size;

    query.leave();

    expect([before, context.store.watchers.size]).toEqual([1, 0]);
  });

  test("is refused when too many wait already", async () => {
    const { get, indexOf } = world({ maxWatchers: 2 });
    const path = `/v1/health/service/orders?index=${await indexOf("/v1/health/service/orders")}`;
    get(path);
    get(path);

    expect((await get(path).now())?.status).toBe(429);
  });

  test.each([
    ["index=-1", "Invalid index"],
    ["index=x", "Invalid index"],
    ["index=1&wait=x", "Invalid wait time"],
    ["stale&consistent", "Cannot specify ?stale with ?consistent, conflicting semantics."],
  ])("with %s is refused", async (query, message) => {
    expect(await world().get(`/v1/health/service/orders?${query}`).now()).toMatchObject({ status: 400, body: message });
  });
});

test("every read, misses included, has an index that is not 0, and the two headers that clients insist on", async () => {
  const { get } = world();
  const reads = [
    "health/service/x",
    "health/checks/x",
    "health/state/any",
    "health/node/x",
    "catalog/services",
    "catalog/service/x",
    "catalog/nodes",
    "kv/x",
    "kv/x?keys",
    "kv/?recurse",
  ];

  for (const read of reads) {
    const headers = (await get(`/v1/${read}`).now())?.headers;
    const told = { read, ...headers, isIndexed: Number(headers?.["X-Consul-Index"]) > 0 };
    expect(told).toMatchObject({ read, isIndexed: true, "X-Consul-KnownLeader": "true", "X-Consul-LastContact": "0" });
  }
});

/** What these tests ask for again and again. */
function world(options: Pick<WorldOptions, "random" | "maxWatchers"> = {}) {
  const { ask, get, ...rest } = routesWorld(options);
  const put = (key: string, value: string) => ask("PUT", `/v1/kv/${key}`, value);
  const remove = (key: string) => ask("DELETE", `/v1/kv/${key}`);
  const register = (Name: string, ID: string) =>
    ask("PUT", "/v1/agent/service/register", JSON.stringify({ Name, ID, Check: { TTL: "10s" } }));
  const beat = (id: string) => ask("PUT", `/v1/agent/check/pass/${id}`);
  return { ...rest, get, put, remove, register, beat };
}
