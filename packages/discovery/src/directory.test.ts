import { describe, expect, test } from "vitest";

import { idsOf, instanceOf, rejectionOf, scriptedDirectory } from "./scripted/fakes.ts";

describe("a view", () => {
  test("is loading until the source answers, and then calls back once", () => {
    const { source, directory } = scriptedDirectory();
    let calls = 0;

    const view = directory.view("orders");
    view.whenReady(() => (calls += 1));
    const before = view.state;
    source.answer("orders", instanceOf("a"));
    source.answer("orders", instanceOf("a"), instanceOf("b"));

    expect([before, view.state, calls]).toEqual(["loading", "known", 1]);
  });

  test("calls back at once when it is ready, and never after the wait was given up", () => {
    const { source, directory } = scriptedDirectory();
    const heard: string[] = [];

    directory.view("orders").whenReady(() => heard.push("given up"))();
    source.answer("orders", instanceOf("a"));
    directory.view("orders").whenReady(() => heard.push("at once"));

    expect(heard).toEqual(["at once"]);
  });

  test("is started once, at the first question, whatever the case of the name", () => {
    const { source, directory } = scriptedDirectory();
    source.names("Orders");

    directory.view("orders");
    directory.view("ORDERS");

    expect(source.asked).toEqual(["Orders"]);
  });

  test("holds only what is up, in an order of its own", () => {
    const { source, directory } = scriptedDirectory();
    directory.view("orders");

    source.answer(
      "orders",
      instanceOf("c"),
      instanceOf("b", { status: "DOWN" }),
      instanceOf("a"),
      instanceOf("d", { status: "DRAINING" }),
    );

    expect(idsOf(directory)).toEqual(["a", "c"]);
    expect(directory.view("orders").instances).toHaveLength(4);
  });

  test("is unknown when the registry has never known an instance, and known once it has", () => {
    const { source, directory } = scriptedDirectory();
    const view = directory.view("orders");

    source.answer("orders");
    const empty = view.state;
    source.answer("orders", instanceOf("a"));

    expect([empty, view.state]).toEqual(["unknown", "known"]);
  });

  test("keeps its snapshot when nothing has changed, and replaces it when a label has", () => {
    const { source, directory } = scriptedDirectory();
    const view = directory.view("orders");

    source.answer("orders", instanceOf("a"), instanceOf("b"));
    const first = view.snapshot;
    source.answer("orders", instanceOf("b"), instanceOf("a"));
    const second = view.snapshot;
    source.answer("orders", instanceOf("a", { labels: { version: "v2" } }), instanceOf("b"));

    expect(second).toBe(first);
    expect(view.snapshot.revision).toBe(first.revision + 1);
    expect(view.snapshot.endpoints[0]).toBe(first.endpoints[0]);
    expect(view.snapshot.endpoints[0]?.instance.labels).toEqual({ version: "v2" });
  });

  test("keeps an endpoint's health over a time of being down, and starts afresh at another port", () => {
    const { source, directory } = scriptedDirectory();
    const view = directory.view("orders");

    source.answer("orders", instanceOf("a"), instanceOf("b"));
    const endpoint = view.snapshot.endpoints[0];
    source.answer("orders", instanceOf("a", { status: "DOWN" }), instanceOf("b"));
    source.answer("orders", instanceOf("a"), instanceOf("b"));
    const back = view.snapshot.endpoints[0];
    source.answer("orders", instanceOf("a", { port: 9 }), instanceOf("b"));

    expect(back).toBe(endpoint);
    expect(view.snapshot.endpoints[0]).not.toBe(endpoint);
  });

  test("tells its subscribers of every change, and a failing one harms nobody", () => {
    const { source, directory } = scriptedDirectory();
    const view = directory.view("orders");
    const heard: number[] = [];

    view.subscribe(() => {
      throw new Error("not my day");
    });
    const stop = view.subscribe(({ snapshot }) => heard.push(snapshot.endpoints.length));
    source.answer("orders", instanceOf("a"));
    source.answer("orders", instanceOf("a"), instanceOf("b"));
    stop();
    source.answer("orders", instanceOf("a"));

    expect(heard).toEqual([1, 2]);
  });
});

describe("the names", () => {
  test("decide which service is known; before the first answer nothing is", () => {
    const { source, directory } = scriptedDirectory();

    const before = directory.isKnown("orders");
    source.names("orders");

    expect([
      before,
      directory.isKnown("orders"),
      directory.isKnown("Orders"),
      directory.isKnown("example.com"),
    ]).toEqual([undefined, true, true, false]);
    expect(directory.names()).toEqual(["orders"]);
  });

  test("survive an empty answer for good, and for a minute their own disappearance", async () => {
    const { source, directory, pass } = scriptedDirectory();
    source.names("orders", "users");

    source.names();
    await pass(61_000);
    source.names();
    const afterNothing = directory.names();
    source.names("users");
    const atOnce = directory.isKnown("orders");
    await pass(61_000);

    expect([afterNothing, atOnce, directory.isKnown("orders")]).toEqual([["orders", "users"], true, false]);
  });

  test("do not make a service unknown whose instances are remembered", async () => {
    const { source, directory, pass } = scriptedDirectory();
    directory.view("orders");
    source.names("orders", "users");
    source.answer("orders", instanceOf("a"));

    source.names("users");
    await pass(61_000);

    expect(directory.isKnown("orders")).toBe(true);
  });
});

describe("ready", () => {
  test("resolves with the first answer", async () => {
    const { source, directory } = scriptedDirectory();

    const ready = directory.ready();
    source.names("orders");

    await expect(ready).resolves.toBeUndefined();
  });

  test("rejects in time when the registry cannot be reached, and resolves later when it can", async () => {
    const { source, directory, pass } = scriptedDirectory();

    const first = rejectionOf(directory.ready({ timeoutMs: 1_000 }));
    source.goAway();
    await pass(1_000);
    source.names();

    await expect(first).resolves.toMatchObject({ code: "ENMESH_REGISTRY_UNREACHABLE" });
    await expect(directory.ready()).resolves.toBeUndefined();
  });

  test("rejects when the directory is closed, and close ends every watch and the source", async () => {
    const { source, directory } = scriptedDirectory();
    directory.view("orders");

    const ready = rejectionOf(directory.ready());
    directory.close();
    directory.close();

    await expect(ready).resolves.toMatchObject({ code: "ENMESH_CLOSED" });
    expect([source.stopped, source.isClosed]).toEqual([2, true]);
    await expect(directory.ready()).rejects.toMatchObject({ code: "ENMESH_CLOSED" });
  });
});

test("a change names who came and who went", () => {
  const { source, directory, events } = scriptedDirectory();
  directory.view("orders");

  source.answer("orders", instanceOf("a"), instanceOf("b"));
  source.answer("orders", instanceOf("b"), instanceOf("c"));

  expect(events).toEqual([
    { type: "discovery.changed", service: "orders", added: ["a", "b"], removed: [], total: 2 },
    { type: "discovery.changed", service: "orders", added: ["c"], removed: ["a"], total: 2 },
  ]);
});
