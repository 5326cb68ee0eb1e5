import { type Reply, simulate, type Simulation } from "@enmesh/core/simulation";
import { describe, expect, test } from "vitest";

import { bulkhead } from "./bulkhead.ts";
import { circuitBreaker, type CircuitBreakerOptions } from "./circuit-breaker.ts";
import { deadline } from "./deadline.ts";

const once = { name: "once", again: () => undefined };
const open = "ENMESH_CIRCUIT_OPEN";

/** A world behind a breaker, whose upstream does what `next` says. Chance stands in the middle: five seconds are five seconds. */
class Guarded {
  next: Reply = { status: 200 };
  readonly world: Simulation;

  constructor(options: CircuitBreakerOptions = {}) {
    this.world = simulate(() => this.next);
    const runtime = { ...this.world.runtime, random: () => 0.5 };
    this.world.through(once, circuitBreaker(options, runtime));
  }

  /** Makes calls one after the other and tells their statuses, or codes. */
  call(count: number, next: Reply = this.next): (number | string)[] {
    this.next = next;
    return Array.from({ length: count }, () => {
      const { error, status } = this.world.one();
      return error ?? status;
    });
  }

  /** Opens it, and lets the time pass until it lets trial calls through. */
  halfOpen(): void {
    this.call(20, { status: 500 });
    this.world.time.advance(5_000);
  }

  get types(): string[] {
    return this.world.events.map(({ type }) => type);
  }
}

/** What is known to go wrong in opossum, on which this breaker stands. Each title says how it goes here. */
describe("where opossum has its weaknesses", () => {
  test("1 a ratio of 1 opens when everything fails, and half of them alternating opens at a half", () => {
    const all = new Guarded({ failureRatio: 1 });
    const half = new Guarded({ failureRatio: 0.5 });

    all.call(20, { status: 500 });
    for (let round = 0; round < 10; round++) {
      half.call(1, { status: 200 });
      half.call(1, { status: 500 });
    }

    expect([all.types, half.types]).toEqual([["breaker.opened"], ["breaker.opened"]]);
  });

  test("2 the very first failure does not open it", () => {
    const guarded = new Guarded();

    guarded.call(1, { status: 500 });

    expect(guarded.types).toEqual([]);
  });

  test("3 what our own bulkhead refuses, or keeps until its time is up, does not open it", () => {
    const world = simulate(() => ({ status: 200, afterMs: 500 }));
    world.through(
      deadline({ total: 100 }, world.runtime),
      once,
      circuitBreaker({ minimumCalls: 2 }, world.runtime),
      bulkhead({ maxConcurrent: 1, maxQueue: 20 }, world.runtime),
    );

    for (let call = 0; call < 100; call++) world.start();
    world.time.advance(1_000);

    expect(world.sent).toBe(1);
    expect(world.events.filter(({ type }) => type.startsWith("breaker"))).toEqual([]);
  });

  test("4 trial calls that hang are written off after a while, so that it cannot stay half-open for ever", () => {
    const guarded = new Guarded();
    guarded.halfOpen();
    guarded.next = {};
    for (let call = 0; call < 3; call++) guarded.world.start();

    const atOnce = guarded.call(1, { status: 200 });
    guarded.world.time.advance(5_000);
    const later = guarded.call(3, { status: 200 });

    expect([atOnce, later]).toEqual([[open], [200, 200, 200]]);
    expect(guarded.types.at(-1)).toBe("breaker.closed");
  });

  test.each([200, 500])("5 what began before it opened neither closes it nor opens it again: late %d", (status) => {
    const guarded = new Guarded();
    guarded.next = { status, afterMs: 5_500 };
    for (let call = 0; call < 4; call++) guarded.world.start();
    guarded.halfOpen();
    guarded.call(1, { status: 200 });

    guarded.world.time.advance(2_000);
    const afterwards = [...guarded.types];
    const trials = guarded.call(2, { status: 200 });

    expect(afterwards).toEqual(["breaker.opened", "breaker.half_open"]);
    expect(trials).toEqual([200, 200]);
    expect(guarded.types.at(-1)).toBe("breaker.closed");
  });

  test("7 calls under way do not thin the window", () => {
    const guarded = new Guarded();
    guarded.next = {};
    for (let call = 0; call < 100; call++) guarded.world.start();

    guarded.call(20, { status: 500 });

    expect(guarded.types).toEqual(["breaker.opened"]);
  });

  test("8 two breakers made of one options object share nothing", () => {
    const options = Object.freeze({ minimumCalls: 2 });
    const [one, other] = [new Guarded(options), new Guarded(options)];

    one.call(2, { status: 500 });

    expect([one.types, other.types, other.call(1, { status: 500 })]).toEqual([["breaker.opened"], [], [500]]);
  });

  test("16 an upstream's answer without a value is an answer", () => {
    const guarded = new Guarded({ minimumCalls: 1 });

    expect(guarded.call(3, { status: 204 })).toEqual([204, 204, 204]);
  });

  test("19 a listener that throws turns no call into a failure", () => {
    const guarded = new Guarded({ minimumCalls: 1 });
    guarded.world.runtime.events.listen(() => {
      throw new Error("a listener's bug");
    });

    expect(guarded.call(2, { status: 500 })).toEqual([500, open]);
  });

  test("21 neither idle nor open does it keep a timer", () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    const guarded = new Guarded();

    guarded.call(20, { status: 500 });

    expect([guarded.types, timers() - before]).toEqual([["breaker.opened"], 0]);
  });
});
