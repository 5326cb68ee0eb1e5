import { describe, expect, test } from "vitest";

import { routesWorld } from "../../test/routes-world.ts";

describe("one service of the agent", () => {
  test("is waited for by its hash, and told when it is another", async () => {
    const { get, write } = routesWorld();
    await write("/v1/agent/service/register", { Name: "orders", Port: 80, Check: { TTL: "10s" } });
    const first = await get("/v1/agent/service/orders").now();
    const hash = first?.headers?.["X-Consul-ContentHash"];
    const waiting = get(`/v1/agent/service/orders?hash=${hash}&wait=1m`);

    await write("/v1/agent/check/pass/service:orders");
    const afterBeat = await waiting.now();
    await write("/v1/agent/service/register", { Name: "orders", Port: 81, Check: { TTL: "10s" } });

    const second = await waiting.now();
    expect(afterBeat).toBeUndefined();
    expect(JSON.parse(String(second?.body))).toMatchObject({
      Port: 81,
      ContentHash: second?.headers?.["X-Consul-ContentHash"],
    });
    expect(second?.headers?.["X-Consul-ContentHash"]).not.toBe(hash);
    expect(first?.headers).not.toHaveProperty("X-Consul-Index");
  });

  test("is answered with the same hash when the time is over, and with 404 when it goes", async () => {
    const { get, write, time } = routesWorld();
    await write("/v1/agent/service/register", { Name: "orders" });
    const hash = (await get("/v1/agent/service/orders").now())?.headers?.["X-Consul-ContentHash"];

    const patient = get(`/v1/agent/service/orders?hash=${hash}&wait=10s`);
    time.advance(11_000);
    const inTime = await patient.now();
    const unlucky = get(`/v1/agent/service/orders?hash=${hash}&wait=10s`);
    await write("/v1/agent/service/deregister/orders");

    expect(inTime?.headers?.["X-Consul-ContentHash"]).toBe(hash);
    expect((await unlucky.now())?.status).toBe(404);
  });
});

describe("events", () => {
  test("are waited for by the mark of the last one, which is no order", async () => {
    const { get, write, read } = routesWorld();
    const none = (await get("/v1/event/list?name=deploy").now())?.headers?.["X-Consul-Index"];
    const waiting = get(`/v1/event/list?name=deploy&index=${none}&wait=1m`);

    await write("/v1/event/fire/other", "x");
    const afterOther = await waiting.now();
    await write("/v1/event/fire/deploy", "v2");

    const told = await waiting.now();
    expect([none, afterOther]).toEqual(["1", undefined]);
    expect(JSON.parse(String(told?.body))).toMatchObject([{ Name: "deploy", Payload: "djI=", LTime: 2 }]);
    expect(await read("/v1/event/list")).toHaveLength(2);
    // The same mark waits; any other is answered at once.
    const mark = told?.headers?.["X-Consul-Index"];
    expect(await get(`/v1/event/list?name=deploy&index=${mark}&wait=1m`).now()).toBeUndefined();
    expect((await get(`/v1/event/list?name=deploy&index=18446744073709551615&wait=1m`).now())?.status).toBe(200);
  });

  test("that are for other nodes or services are not heard here", async () => {
    const { write, read } = routesWorld();
    await write("/v1/agent/service/register", { Name: "orders", Tags: ["blue"] });

    await write("/v1/event/fire/a?node=^other$");
    await write("/v1/event/fire/b?service=stock");
    await write("/v1/event/fire/c?service=orders&tag=blu");
    await write("/v1/event/fire/d?node=^node$");

    expect(((await read("/v1/event/list")) as { Name: string }[]).map(({ Name }) => Name)).toEqual(["c", "d"]);
    expect(await write("/v1/event/fire/e?node=(")).toContain("invalid node filter");
  });

  test("are kept in a small number", async () => {
    const { write, read } = routesWorld();

    for (let at = 0; at < 300; at++) await write(`/v1/event/fire/e${at}`);

    expect(await read("/v1/event/list")).toHaveLength(256);
  });
});

describe("sessions", () => {
  test("are waited for by their index", async () => {
    const { get, write, indexOf } = routesWorld();
    const waiting = get(`/v1/session/list?index=${await indexOf("/v1/session/list")}&wait=1m`);

    await write("/v1/kv/a", "1");
    const afterKey = await waiting.now();
    await write("/v1/session/create", {});

    expect(afterKey).toBeUndefined();
    expect(JSON.parse(String((await waiting.now())?.body))).toHaveLength(1);
  });
});

describe("a transaction", () => {
  test("that fails anywhere changes nothing, wakes nobody and moves no index", async () => {
    const { get, put, write, store, indexOf } = routesWorld();
    const waiting = get(`/v1/kv/a?index=${await indexOf("/v1/kv/a")}&wait=1m`);
    const index = store.index;

    const answer = await put("/v1/txn", [
      { KV: { Verb: "set", Key: "a", Value: "MQ==" } },
      { KV: { Verb: "check-not-exists", Key: "a" } },
    ]).now();

    expect(answer).toMatchObject({ status: 409, body: expect.stringContaining('"OpIndex":1') as string });
    expect([await waiting.now(), store.index]).toEqual([undefined, index]);
    await write("/v1/kv/a", "1");
    expect((await waiting.now())?.status).toBe(200);
  });

  test("is one commit at one index", async () => {
    const { write, read, store } = routesWorld();
    const index = store.index;

    const operations = ["a", "b", "c"].map((Key) => ({ KV: { Verb: "set", Key, Value: "MQ==" } }));
    await write("/v1/txn", [...operations, { KV: { Verb: "delete", Key: "b" } }]);

    expect(store.index).toBe(index + 1);
    expect(await read("/v1/kv/?recurse")).toMatchObject([
      { Key: "a", ModifyIndex: index + 1 },
      { Key: "c", ModifyIndex: index + 1 },
    ]);
  });

  test("keeps all 64 bits of its flags", async () => {
    const { put, get } = routesWorld();

    await put("/v1/txn", '[{"KV":{"Verb":"set","Key":"a","Value":"MQ==","Flags":18446744073709551615}}]').now();

    expect(String((await get("/v1/kv/a").now())?.body)).toContain('"Flags":18446744073709551615,');
  });

  test("has 128 operations at most, and changes keys only", async () => {
    const { put } = routesWorld();
    const read = { KV: { Verb: "check-not-exists", Key: "a" } };

    expect(
      (
        await put(
          "/v1/txn",
          Array.from({ length: 128 }, () => read),
        ).now()
      )?.status,
    ).toBe(200);
    expect(
      await put(
        "/v1/txn",
        Array.from({ length: 129 }, () => read),
      ).now(),
    ).toMatchObject({
      status: 413,
      body: "Transaction contains too many operations (129 > 128)",
    });
    expect((await put("/v1/txn", [{ Service: { Verb: "set" } }]).now())?.status).toBe(400);
  });
});
