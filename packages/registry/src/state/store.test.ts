import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Change } from "../model/change.ts";
import type { Check } from "../model/check.ts";
import type { Service } from "../model/service.ts";
import { Store } from "./store.ts";

describe("the index of a service", () => {
  test("stands still while other services change", () => {
    const store = storeWith("orders-1", "stock-1");
    const before = store.catalog.indexOf("orders");

    store.commit((index) => [{ op: "service", service: service("stock-2", index) }]);

    expect(store.catalog.indexOf("orders")).toBe(before);
    expect(store.catalog.indexOf("stock")).toBe(store.index);
  });

  test("moves when one of its checks changes, and the list of services stands still", () => {
    const store = storeWith("orders-1");
    store.commit((index) => [{ op: "check", check: check("orders-1", index) }]);
    const listed = store.catalog.servicesIndex;

    store.commit(() => [{ op: "status", id: "service:orders-1", status: "passing", output: "" }]);

    expect(store.catalog.indexOf("orders")).toBe(store.index);
    expect(store.catalog.checksIndex).toBe(store.index);
    expect(store.catalog.servicesIndex).toBe(listed);
  });

  test("moves once more when its last instance is gone, and then stands still", () => {
    const store = storeWith("orders-1", "stock-1");

    store.commit(() => [{ op: "service-gone", id: "orders-1" }]);
    const extinct = store.index;
    store.commit((index) => [{ op: "service", service: service("stock-2", index) }]);

    expect(store.catalog.indexOf("orders")).toBe(extinct);
  });

  test("moves when a check of the node changes, for that counts for all", () => {
    const store = storeWith("orders-1");

    store.commit((index) => [{ op: "check", check: check("", index) }]);

    expect(store.catalog.indexOf("orders")).toBe(store.index);
  });
});

test("a deleted key moves the index of its prefix, and of no other", () => {
  const store = new Store();
  for (const key of ["a/1", "a/2", "b/1"]) store.commit((index) => [put(key, index)]);
  const other = store.keyValues.indexOfPrefix("b/");

  store.commit(() => [{ op: "kv-gone", key: "a/2" }]);

  expect(store.keyValues.indexOfPrefix("a/")).toBe(store.index);
  expect(store.keyValues.indexOfKey("a/2")).toBe(store.index);
  expect(store.keyValues.indexOfPrefix("b/")).toBe(other);
});

test("after a restart every index is beyond all that was given out before", () => {
  const before = storeWith("orders-1");
  const after = new Store();

  after.replay(before.snapshot());
  after.resume();

  expect(after.index).toBeGreaterThan(before.index);
  expect(after.catalog.indexOf("orders")).toBe(after.index);
  expect(after.keyValues.indexOfKey("none")).toBe(after.index);
});

test("an index that was shown but never logged is still below the next life", () => {
  const first = new Store();
  first.resume();
  const log = [...first.snapshot()];
  first.writeTo({ append: (commit) => log.push(commit) });
  // Many commits whose lines never reach the disk, but for the ceilings, which do so long before they are needed.
  for (let step = 0; step < 600_000; step++) first.commit(() => [{ op: "kv-gone", key: "none" }]);
  const onDisk = log.filter(({ changes }) => changes[0]?.op === "index-ceiling");

  const second = new Store();
  second.replay(onDisk);
  second.resume();

  expect(onDisk.length).toBeGreaterThan(1);
  expect(second.index).toBeGreaterThan(first.index);
});

describe("whatever happens", () => {
  test("no index ever goes backwards, and a changed view always has a higher index", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const store = new Store();
        let before = views(store);

        for (const each of steps) {
          store.commit((index) => [each(index)]);
          const after = views(store);
          for (const [name, view] of after) {
            const earlier = before.get(name) as View;
            expect(view.index).toBeGreaterThanOrEqual(earlier.index);
            if (view.content !== earlier.content) expect(view.index).toBeGreaterThan(earlier.index);
          }
          before = after;
        }
      }),
    );
  });

  test("replaying the commits, or a snapshot, gives the same state", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const live = new Store();
        const commits: { index: number; changes: readonly Change[] }[] = [];
        live.writeTo({ append: (commit) => commits.push(commit) });
        for (const each of steps) live.commit((index) => [each(index)]);

        const replayed = new Store();
        replayed.replay(commits);
        const restored = new Store();
        restored.replay(live.snapshot());

        expect([...replayed.snapshot()]).toEqual([...live.snapshot()]);
        expect(contentOf(restored)).toEqual(contentOf(live));
      }),
    );
  });
});

interface View {
  readonly index: number;
  readonly content: string;
}

const names = ["orders", "stock"];
const ids = ["orders-1", "orders-2", "stock-1"];
const keys = ["a", "a/1", "a/2", "b"];

const step: fc.Arbitrary<(index: number) => Change> = fc.oneof(
  fc.constantFrom(...ids).map((id) => (index: number): Change => ({ op: "service", service: service(id, index) })),
  fc.constantFrom(...ids).map((id) => (): Change => ({ op: "service-gone", id })),
  fc.constantFrom("", ...ids).map((id) => (index: number): Change => ({ op: "check", check: check(id, index) })),
  fc.constantFrom(...ids).map((id) => (): Change => ({ op: "check-gone", id: `service:${id}` })),
  fc
    .tuple(fc.constantFrom(...ids), fc.constantFrom("passing" as const, "critical" as const))
    .map(([id, status]) => (): Change => ({ op: "status", id: `service:${id}`, status, output: status })),
  fc.constantFrom(...keys).map(
    (key) =>
      (index: number): Change =>
        put(key, index),
  ),
  fc.constantFrom(...keys).map((key) => (): Change => ({ op: "kv-gone", key })),
  fc.constantFrom(...keys).map((prefix) => (): Change => ({ op: "kv-tree-gone", prefix })),
);

/** Everything a client can wait for, with its index. */
function views({ catalog, keyValues }: Store): Map<string, View> {
  const of = (index: number, content: unknown): View => ({ index, content: JSON.stringify(content) });
  const instances = (name: string): unknown =>
    (catalog.groups.get(name)?.sorted() ?? []).map((each) => [
      each,
      [...catalog.checksOf(each.id).values()],
      [...catalog.checksOf("").values()],
    ]);
  return new Map<string, View>([
    ...names.map((name) => [`service ${name}`, of(catalog.indexOf(name), instances(name))] as const),
    ["services", of(catalog.servicesIndex, [...catalog.services.keys()].toSorted())],
    [
      "checks",
      of(
        catalog.checksIndex,
        [...catalog.checks.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      ),
    ],
    ...keys.map((key) => [`key ${key}`, of(keyValues.indexOfKey(key), keyValues.get(key))] as const),
    ...keys.map((key) => [`prefix ${key}`, of(keyValues.indexOfPrefix(key), keyValues.under(key))] as const),
  ]);
}

function contentOf({ catalog, keyValues }: Store): unknown {
  return [new Map(catalog.services), new Map(catalog.checks), keyValues.under("")];
}

function storeWith(...serviceIds: readonly string[]): Store {
  const store = new Store();
  for (const id of serviceIds) store.commit((index) => [{ op: "service", service: service(id, index) }]);
  return store;
}

function service(id: string, index: number): Service {
  const name = id.replace(/-.*/, "");
  const plain = {
    tags: [],
    address: "",
    port: 80,
    meta: null,
    taggedAddresses: null,
    weights: { Passing: 1, Warning: 1 },
  };
  return { id, name, ...plain, enableTagOverride: false, createIndex: index, modifyIndex: index };
}

function check(serviceId: string, index: number): Check {
  const name = serviceId.replace(/-.*/, "");
  const times = { ttlMs: 1_000, deregisterAfterMs: 0, createIndex: index, modifyIndex: index };
  return {
    id: `service:${serviceId}`,
    name: "check",
    notes: "",
    status: "critical",
    output: "",
    serviceId,
    serviceName: name,
    serviceTags: [],
    type: "ttl",
    ...times,
  };
}

function put(key: string, index: number): Change {
  return {
    op: "kv",
    entry: { key, value: Buffer.from(String(index)), flags: "0", createIndex: index, modifyIndex: index },
  };
}
