import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Instance } from "@enmesh/core";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { createDirectory, type Directory } from "../directory.ts";
import { instanceOf, ScriptedSource, world, type World } from "../scripted/fakes.ts";
import { snapshotFile, type SnapshotStore } from "./snapshot-file.ts";
import { readStored, writeStored } from "./stored.ts";

/** A store in memory, which counts what is written. */
class MemoryStore implements SnapshotStore {
  readonly name = "memory";
  readonly maxBytes = 100_000;
  readonly writes: string[] = [];
  text: string | undefined;

  load(): string | undefined {
    return this.text;
  }

  async save(text: string): Promise<void> {
    this.saveNow(text);
  }

  saveNow(text: string): void {
    this.writes.push(text);
    this.text = text;
  }
}

interface Started extends World {
  readonly source: ScriptedSource;
  readonly directory: Directory;
}

function start(snapshot: SnapshotStore, changes: { wall?: number; probe?: () => Promise<boolean> } = {}): Started {
  const here = world();
  const { wall = 0, probe } = changes;
  const clock = { now: () => here.time.now(), wall: () => here.time.wall() + wall };
  const runtime = { ...here.runtime, clock };
  const source = new ScriptedSource();
  return { ...here, runtime, source, directory: createDirectory({ source, runtime, snapshot, probe }) };
}

/** A store as an earlier process left it that knew two instances of orders. */
async function filled(store = new MemoryStore()): Promise<MemoryStore> {
  const { source, directory, pass } = start(store);
  directory.view("orders");
  source.names("orders", "users");
  source.answer("orders", instanceOf("a"), instanceOf("b"));
  await pass(2_000);
  directory.close();
  return store;
}

const idsOf = (directory: Directory): string[] => directory.view("orders").snapshot.endpoints.map(({ id }) => id);

describe("a directory with a snapshot", () => {
  test("knows names and instances as soon as the registry is known to be away", async () => {
    const { source, directory } = start(await filled());
    const view = directory.view("orders");
    const before = [directory.isKnown("orders"), view.state];

    source.goAway();

    await expect(directory.ready()).resolves.toBeUndefined();
    expect(before).toEqual([undefined, "loading"]);
    expect([directory.isKnown("orders"), view.state, idsOf(directory)]).toEqual([true, "stale", ["a", "b"]]);
    expect(view.trouble).toMatch(/cannot be reached: gone; its instances are those of a snapshot, .* old/);
  });

  test("waits a second for a registry that says nothing, and then goes on without it", async () => {
    const { directory, pass } = start(await filled());
    const view = directory.view("orders");

    await pass(900);
    const before = view.state;
    await pass(200);

    expect([before, view.state, directory.isKnown("users")]).toEqual(["loading", "stale", true]);
  });

  test("never believes it over a live answer, however that comes", async () => {
    const { source, directory, pass } = start(await filled());
    const view = directory.view("orders");
    source.goAway();

    source.names("orders");
    source.answer("orders", instanceOf("c"));
    await pass(5_000);

    expect([view.state, idsOf(directory), view.trouble]).toEqual(["known", ["c"], undefined]);
  });

  test("does not look at it at all when the registry answers first", async () => {
    const { source, directory, pass } = start(await filled());
    directory.view("orders");

    source.answer("orders", instanceOf("c"));
    source.goAway();
    await pass(5_000);

    expect(idsOf(directory)).toEqual(["c"]);
  });

  test("keeps what it says when the registry comes back with nothing", async () => {
    const { source, directory, pass } = start(await filled(), { probe: () => Promise.resolve(true) });
    directory.view("orders");
    source.goAway();

    source.names();
    source.answer("orders");
    await pass(60_000);

    expect(idsOf(directory)).toEqual(["a", "b"]);
  });

  test("drops from it what may never be called", async () => {
    const store = await filled();
    store.text = store.text?.replaceAll("127.0.0.1", "169.254.169.254");
    const { source, directory, typesOf } = start(store);
    directory.view("orders");

    source.goAway();

    expect(idsOf(directory)).toEqual([]);
    expect(typesOf("discovery.instance_dropped")).toHaveLength(2);
  });

  test("makes one write of many changes, and the last one at its end", async () => {
    const store = new MemoryStore();
    const { source, directory, pass } = start(store);
    directory.view("orders");
    source.names("orders");

    for (let turn = 0; turn < 50; turn++) source.answer("orders", instanceOf("a"), instanceOf("b", { weight: turn }));
    await pass(1_500);
    const written = store.writes.length;
    source.answer("orders", instanceOf("a"), instanceOf("z"));
    directory.close();

    expect([written, store.writes.length]).toEqual([1, 2]);
    expect(store.text).toContain('"z"');
  });

  test("keeps what it knew of services that this process has not asked for, and forgets those the registry forgot", async () => {
    const store = await filled();
    const { source, directory, pass } = start(store);

    source.names("orders", "users");
    await pass(2_000);
    const kept = store.text?.includes('"service":"orders"');
    source.names("users");
    await pass(62_000);
    source.names("users", "more");
    await pass(2_000);
    directory.close();

    expect([kept, store.text?.includes('"service":"orders"')]).toEqual([true, false]);
  });

  test.each([3_600_000, 31_536_000_000, -3_600_000, -31_536_000_000])(
    "is used all the same when the calendar has jumped by %i ms",
    async (wall) => {
      const { source, directory } = start(await filled(), { wall });
      directory.view("orders");

      source.goAway();

      expect(idsOf(directory)).toEqual(["a", "b"]);
    },
  );

  test("of another registry does not look at it", async () => {
    const store = await filled();
    store.text = store.text?.replace("registry http://scripted", "registry http://elsewhere");
    const { source, directory, events } = start(store);
    directory.view("orders");

    source.goAway();

    expect([directory.isKnown("orders"), idsOf(directory)]).toEqual([undefined, []]);
    expect(events[0]).toMatchObject({
      reason: expect.stringContaining("told by registry http://elsewhere") as unknown,
    });
  });

  test("that cannot be written reports it and carries on", async () => {
    const store = new MemoryStore();
    store.save = () => Promise.reject(new Error("no space left on device"));
    const { source, directory, pass, events } = start(store);
    directory.view("orders");

    source.answer("orders", instanceOf("a"));
    await pass(2_000);

    expect(idsOf(directory)).toEqual(["a"]);
    expect(events.at(-1)).toMatchObject({ type: "discovery.snapshot_failed", reason: "no space left on device" });
  });
});

describe("a snapshot as text", () => {
  const stored = (services: number): Parameters<typeof writeStored>[0] => ({
    source: "s",
    names: ["orders"],
    services: Array.from({ length: services }, (_, at) => ({
      service: `s${at}`,
      at,
      instances: [instanceOf("a")] as Instance[],
    })),
  });

  test("comes back as it was", () => {
    expect(readStored(writeStored(stored(2), 10_000))).toEqual({
      ...stored(2),
      services: stored(2).services.toReversed(),
    });
  });

  test("never exceeds its size, and loses the oldest first", () => {
    const text = writeStored(stored(1_000), 20_000);
    const read = readStored(text);

    expect(text.length).toBeLessThanOrEqual(20_000);
    expect(typeof read !== "string" && read.services[0]?.service).toBe("s999");
  });

  test("with one malformed instance loses that one", () => {
    const text = writeStored(stored(1), 10_000).replace('"instances":[', '"instances":[{"id":7},null,');

    const read = readStored(text);

    expect(typeof read !== "string" && read.services[0]?.instances).toHaveLength(1);
  });

  test("that anybody made never throws and never yields what is no instance", () => {
    const property = fc.property(fc.oneof(fc.string(), fc.json()), fc.jsonValue(), (text, value) => {
      const read = [
        readStored(text),
        readStored(JSON.stringify({ enmesh: 1, source: "s", names: [], services: value })),
      ];
      return read.every(
        (one) =>
          typeof one === "string" ||
          one.services.every(({ instances }) => instances.every(({ id }) => id !== undefined)),
      );
    });

    expect(() => fc.assert(property, { numRuns: 300 })).not.toThrow();
  });
});

describe("a snapshot in a file", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "enmesh-snapshot-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("appears whole, under its own name only, for its owner only", async () => {
    const store = snapshotFile({ path: join(folder, "deep", "er", "orders.json") });

    await store.save("one");
    store.saveNow("two");

    expect(readdirSync(join(folder, "deep", "er"))).toEqual(["orders.json"]);
    expect([store.load(), statSync(store.name).mode & 0o777]).toEqual(["two", 0o600]);
  });

  test("that is not there is none", () => {
    expect(snapshotFile({ path: join(folder, "none.json") }).load()).toBeUndefined();
  });

  test("that others may write, or that is too large, is not read", () => {
    const path = join(folder, "orders.json");
    writeFileSync(path, "x".repeat(100));
    const large = (): unknown => snapshotFile({ path, maxBytes: 99 }).load();
    expect(large).toThrow("it has 100 bytes, more than the 99 allowed");

    chmodSync(path, 0o666);

    expect(() => snapshotFile({ path }).load()).toThrow("others than its owner may write it");
  });

  test("that cannot be replaced leaves nothing beside it", async () => {
    const path = join(folder, "taken");
    writeFileSync(join(folder, "keep"), "");
    const store = snapshotFile({ path: join(path, "..", "keep", "orders.json") });

    await expect(store.save("x")).rejects.toThrow(/ENOTDIR|EEXIST/);

    expect(readdirSync(folder)).toEqual(["keep"]);
    expect(readFileSync(join(folder, "keep"), "utf8")).toBe("");
  });
});
