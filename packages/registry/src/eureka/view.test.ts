import fc from "fast-check";
import { expect, test } from "vitest";

import { eurekaWorld, instance } from "../../test/eureka-world.ts";
import type { CheckDefinition } from "../model/check.ts";
import { hashOf, type Listed } from "./listed.ts";
import { RecentChanges } from "./recent-changes.ts";

type World = ReturnType<typeof eurekaWorld>;
type Step = (world: World) => Promise<unknown> | void;

const app = fc.constantFrom("orders", "stock");
const id = fc.constantFrom("1", "2", "3");
const status = fc.constantFrom("UP", "DOWN", "STARTING", "OUT_OF_SERVICE", "UNKNOWN");

/** What may happen to a registry, by either API and by time. */
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(app, id, status, fc.nat(5)).map(
    ([name, instanceId, own, dirty]): Step =>
      (world) =>
        world.register(instance({ app: name, instanceId, status: own, lastDirtyTimestamp: dirty })),
  ),
  fc.tuple(app, id).map(
    ([name, instanceId]): Step =>
      ({ ask }) =>
        ask("PUT", `/apps/${name}/${instanceId}`),
  ),
  fc.tuple(app, id).map(
    ([name, instanceId]): Step =>
      ({ ask }) =>
        ask("DELETE", `/apps/${name}/${instanceId}`),
  ),
  fc.tuple(app, id, status, fc.constantFrom("PUT", "DELETE")).map(
    ([name, instanceId, value, method]): Step =>
      ({ ask }) =>
        ask(method, `/apps/${name}/${instanceId}/status?value=${value}`),
  ),
  fc.tuple(app, id, fc.nat(3)).map(
    ([name, instanceId, version]): Step =>
      ({ ask }) =>
        ask("PUT", `/apps/${name}/${instanceId}/metadata?version=${version}`),
  ),
  fc.tuple(fc.constantFrom("orders", "Orders", "stock"), id, fc.nat(2)).map(
    ([name, own, port]): Step =>
      ({ agent }) =>
        agent.registerService(consulService(name, own, port), [ttl(own)]),
  ),
  id.map(
    (own): Step =>
      ({ agent }) =>
        void agent.deregisterService(own),
  ),
  fc.tuple(id, fc.constantFrom("passing" as const, "critical" as const), fc.constantFrom("", "STARTING")).map(
    ([own, state, note]): Step =>
      ({ agent }) =>
        void agent.beat(`service:${own}`, state, note),
  ),
  fc.tuple(fc.constantFrom("", "1", "orders/1"), fc.boolean()).map(([own, isOn]): Step => ({ agent }) => {
    agent.setMaintenance(own, isOn, "");
  }),
  fc.integer({ min: 1, max: 60_000 }).map(
    (ms): Step =>
      ({ time }) =>
        time.advance(ms),
  ),
);

test("after any changes the hash is that of the list, and clients of deltas hold what clients of the whole list hold", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ step, polls: fc.subarray([0, 1]) }), { maxLength: 40 }), async (steps) => {
      const world = eurekaWorld();
      const clients = [new DeltaClient(world), new DeltaClient(world)];
      for (const client of clients) await client.fetchAll();

      for (const { step: happens, polls } of steps) {
        await happens(world);
        for (const which of polls) await clients[which]?.poll();
      }
      for (const client of clients) await client.poll();

      const whole = new DeltaClient(world);
      await whole.fetchAll();
      for (const client of clients) expect(client.held()).toEqual(whole.held());
      expect(clients.map(({ refetches }) => refetches)).toEqual([0, 0]);
    }),
    { numRuns: 300 },
  );
});

test("a list that nobody polls costs no memory that grows with its changes", async () => {
  const { register, ask, json, time } = eurekaWorld();

  for (let turn = 0; turn < 500; turn++) {
    await register(instance({ instanceId: `turn-${turn}` }));
    await ask("DELETE", `/apps/ORDERS/turn-${turn}`);
    await json("/apps/delta");
    time.advance(10_000);
  }

  const { applications } = (await json("/apps/delta")) as Answer;
  expect(applications.application[0]?.instance.length ?? 0).toBeLessThan(20);
});

test("of changes beyond all measure the oldest are forgotten", () => {
  const changes = new RecentChanges({ now: () => 0, wall: () => 0 });

  for (let which = 0; which < 20_100; which++) {
    const record = { app: "ORDERS", instanceId: String(which) } as Listed["record"];
    changes.add({ record, action: "ADDED", lastRenewalTimestamp: 0 });
  }

  expect(changes.list()).toHaveLength(20_000);
  expect(changes.list()[0]?.record.instanceId).toBe("100");
});

interface Entry {
  readonly app: string;
  readonly instanceId: string;
  readonly status: never;
  readonly actionType?: string;
  readonly leaseInfo?: unknown;
}

interface Answer {
  readonly applications: { readonly apps__hashcode: string; readonly application: { readonly instance: Entry[] }[] };
}

/** A client as Java's: the whole list at first, then changes, and the whole list again when the hash does not agree. */
class DeltaClient {
  readonly #world: World;
  readonly #held = new Map<string, Entry>();
  #polledAt = 0;
  refetches = 0;

  constructor(world: World) {
    this.#world = world;
  }

  async fetchAll(): Promise<void> {
    this.#held.clear();
    const { applications } = (await this.#world.json("/apps")) as Answer;
    for (const { instance: list } of applications.application)
      for (const each of list) this.#held.set(keyOf(each), each);
    this.#polledAt = this.#world.time.now();
    if (hashOf(this.#held.values()) !== applications.apps__hashcode)
      throw new Error("the hash is not that of the list");
  }

  async poll(): Promise<void> {
    // Whoever was away for longer than changes are kept has no use for them.
    if (this.#world.time.now() - this.#polledAt >= 180_000) return this.fetchAll();
    this.#polledAt = this.#world.time.now();
    const { applications } = (await this.#world.json("/apps/delta")) as Answer;
    for (const { instance: list } of applications.application) {
      for (const each of list) {
        if (each.actionType === "DELETED") this.#held.delete(keyOf(each));
        else this.#held.set(keyOf(each), each);
      }
    }
    if (hashOf(this.#held.values()) === applications.apps__hashcode) return;
    this.refetches += 1;
    await this.fetchAll();
  }

  /** What is held, without what says how it came, and when it was last renewed. */
  held(): unknown[] {
    const entries = [...this.#held.values()].map(({ actionType: _action, leaseInfo: _lease, ...rest }) => rest);
    return entries.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }
}

function keyOf({ app: name, instanceId }: Pick<Entry, "app" | "instanceId">): string {
  return `${name}/${instanceId}`;
}

function consulService(name: string, own: string, port: number) {
  const weights = { Passing: 1, Warning: 1 };
  const rest = { tags: [], meta: null, taggedAddresses: null, weights, enableTagOverride: false };
  return { id: own, name, address: "10.0.0.1", port, ...rest };
}

function ttl(own: string): CheckDefinition {
  const rest = { name: "check", notes: "", type: "ttl", deregisterAfterMs: 0 };
  return { id: `service:${own}`, status: "passing", ttlMs: 30_000, ...rest };
}
