import { describe, expect, test } from "vitest";

import { routesWorld, type WorldOptions } from "../../test/routes-world.ts";

describe("a session", () => {
  test("ends when it was not renewed for twice its TTL, and gives its locks back", async () => {
    const { open, lock, read, time, events } = world();
    const id = await open({ TTL: "10s", LockDelay: "0s" });
    await lock("leader", id);

    time.advance(19_999);
    const before = await read("/v1/session/list");
    time.advance(1);

    expect(before).toHaveLength(1);
    expect(await read("/v1/session/list")).toEqual([]);
    expect(await read("/v1/kv/leader")).toMatchObject([{ LockIndex: 1, Value: "bWU=" }]);
    expect(await read("/v1/kv/leader")).not.toMatchObject([{ Session: id }]);
    expect(events.at(-1)).toMatchObject({ type: "session.ended", id, why: "expired", locks: 1 });
  });

  test("that is renewed lives on, and renewals touch no index", async () => {
    const { open, write, time, store } = world();
    const id = await open({ TTL: "10s" });
    const index = store.index;

    for (let round = 0; round < 1_000; round++) {
      time.advance(15_000);
      await write(`/v1/session/renew/${id}`);
    }

    expect(store.sessions.byId.has(id)).toBe(true);
    expect(store.index).toBe(index);
  });

  test("without a TTL lives as long as its checks", async () => {
    const { open, write, time, store, events } = world();
    await write("/v1/agent/service/register", { Name: "orders", Check: { TTL: "10s", Status: "passing" } });
    const id = await open({ Checks: ["serfHealth", "service:orders"] });

    time.advance(9_000);
    const isAlive = store.sessions.byId.has(id);
    time.advance(1_000);

    expect([isAlive, store.sessions.byId.has(id)]).toEqual([true, false]);
    expect(events).toContainEqual(expect.objectContaining({ type: "session.ended", id, why: "invalidated" }));
  });

  test.each(["/v1/agent/check/deregister/service:orders", "/v1/agent/service/deregister/orders"])(
    "ends when its check is gone by %s",
    async (path) => {
      const { open, write, store } = world();
      await write("/v1/agent/service/register", { Name: "orders", Check: { TTL: "10s", Status: "passing" } });
      const id = await open({ Checks: ["service:orders"] });

      await write(path);

      expect(store.sessions.byId.has(id)).toBe(false);
    },
  );

  test("cannot begin with a check that fails, or on a node that is gone", async () => {
    const { write } = world();
    await write("/v1/agent/service/register", { Name: "orders", Check: { TTL: "10s" } });

    expect(await write("/v1/session/create", { Checks: ["service:orders"] })).toBe(
      "Check 'service:orders' is in critical state",
    );
    expect(await write("/v1/session/create", { Node: "none" })).toBe("Missing node registration");
  });

  test("of another node ends with that node, whether it has checks or not", async () => {
    const { open, write, store } = world();
    await write("/v1/catalog/register", {
      Node: "ext",
      Address: "10.0.0.9",
      Check: { Name: "alive", Status: "passing" },
    });
    await open({ Node: "ext", Checks: ["alive"] });
    await open({ Node: "ext", Checks: [] });
    const own = await open({});

    await write("/v1/catalog/deregister", { Node: "ext" });

    expect([...store.sessions.byId.keys()]).toEqual([own]);
  });

  test("that deletes takes its keys with it, and wakes who waits for them", async () => {
    const { open, lock, write, read, get, indexOf } = world();
    const id = await open({ Behavior: "delete" });
    await lock("leader", id);
    const waiting = get(`/v1/kv/leader?index=${await indexOf("/v1/kv/leader")}&wait=1m`);

    await write(`/v1/session/destroy/${id}`);

    expect((await waiting.now())?.status).toBe(404);
    expect(await read("/v1/kv/?keys")).toEqual([]);
  });
});

describe("a lock", () => {
  test("that was lost may be taken only after the delay of its session", async () => {
    const { open, lock, write, time } = world();
    const [first, second] = [await open({ LockDelay: "5s" }), await open({})];
    await lock("leader", first);
    await write(`/v1/session/destroy/${first}`);

    const atOnce = await lock("leader", second);
    time.advance(4_999);
    const soon = await lock("leader", second);
    time.advance(1);

    expect([atOnce, soon, await lock("leader", second)]).toEqual([false, false, true]);
  });

  test("that was given back may be taken at once", async () => {
    const { open, lock, write } = world();
    const [first, second] = [await open({}), await open({})];
    await lock("leader", first);

    await write(`/v1/kv/leader?release=${first}`, "free");

    expect(await lock("leader", second)).toBe(true);
  });

  test("is held by one session at a time", async () => {
    const { open, lock } = world();
    const sessions = await Promise.all(Array.from({ length: 20 }, () => open({})));

    const taken = await Promise.all(sessions.map((id) => lock("leader", id)));

    expect(taken.filter((isTaken) => isTaken)).toHaveLength(1);
  });
});

describe("after a restart", () => {
  test("sessions and locks are there again, with their full time", async () => {
    const first = world();
    const id = await first.open({ Name: "me", TTL: "10s", LockDelay: "0s" });
    await first.lock("leader", id);
    first.time.advance(19_000);

    const second = world({ earlier: first.store });
    const [other] = [await second.open({})];
    const whileHeld = await second.lock("leader", other);
    second.time.advance(19_999);
    const isAlive = second.store.sessions.byId.has(id);
    second.time.advance(1);

    expect([whileHeld, isAlive, second.store.sessions.byId.has(id)]).toEqual([false, true, false]);
    expect(await second.lock("leader", other)).toBe(true);
  });

  test("a session whose check failed just before is not there again", async () => {
    const first = world();
    await first.write("/v1/agent/service/register", { Name: "orders", Check: { TTL: "10s", Status: "passing" } });
    const id = await first.open({ Checks: ["service:orders"] });
    const torn = [...first.store.snapshot()];
    // The log of a registry that died between two commits: the failed check is in it, the end of the session is not.
    const earlier = { snapshot: () => [...torn, { index: 99, changes: [failed] }] } as unknown as typeof first.store;

    const second = world({ earlier });

    expect(second.store.sessions.byId.has(id)).toBe(false);
  });
});

const failed = { op: "status", id: "service:orders", status: "critical", output: "" };

function world(options: WorldOptions = {}) {
  const { write, ...rest } = routesWorld(options);
  const open = async (spec: object): Promise<string> =>
    ((await write("/v1/session/create", spec)) as { readonly ID: string }).ID;
  const lock = (key: string, session: string): Promise<unknown> => write(`/v1/kv/${key}?acquire=${session}`, "me");
  return { ...rest, write, open, lock };
}
