import { Destination, refuse } from "@enmesh/core";
import { type Reply, simulate, type Simulation, type Upstream } from "@enmesh/core/simulation";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { circuitBreaker, type CircuitBreakerOptions } from "./circuit-breaker.ts";
import { retry } from "./retry.ts";

fc.configureGlobal({ seed: 1 });

const once = { name: "once", again: () => undefined };

/** A world behind a breaker, whose upstream does what `next` says. Chance stands in the middle: five seconds are five seconds. */
class Guarded {
  next: Reply = { status: 200 };
  readonly world: Simulation;

  constructor(options: CircuitBreakerOptions = {}, upstream?: Upstream) {
    this.world = simulate(upstream ?? (() => this.next));
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

const open = "ENMESH_CIRCUIT_OPEN";

describe("a circuit breaker", () => {
  test("opens at the share of failures that is its boundary, not only above it", () => {
    const guarded = new Guarded();
    guarded.call(10, { status: 200 });

    const failing = guarded.call(11, { status: 500 });

    expect(failing).toEqual([...Array.from({ length: 10 }, () => 500), open]);
    expect(guarded.world.events).toEqual([
      { type: "breaker.opened", destination: "upstream", forMs: 5_000, failures: 10, calls: 20 },
    ]);
  });

  test("stays closed just below it", () => {
    const guarded = new Guarded();

    for (let round = 0; round < 100; round++) {
      guarded.call(11, { status: 200 });
      guarded.call(9, { status: 500 });
    }

    expect(guarded.types).toEqual([]);
  });

  test("never opens on fewer calls than its minimum", () => {
    const guarded = new Guarded();

    expect(guarded.call(19, { status: 500 })).not.toContain(open);
    expect(guarded.types).toEqual([]);
    guarded.call(1, { status: 500 });
    expect(guarded.types).toEqual(["breaker.opened"]);
  });

  test("forgets what is older than its window", () => {
    const guarded = new Guarded();

    guarded.call(19, { status: 500 });
    guarded.world.time.advance(10_000);
    guarded.call(10, { status: 500 });

    expect(guarded.types).toEqual([]);
  });

  test("counts what blames the caller as a success, and nothing that says nothing about the upstream", () => {
    const guarded = new Guarded({ minimumCalls: 2 });

    guarded.call(50, { status: 404 });
    guarded.call(50, { status: 429 });
    guarded.call(50, { status: 503, retryAfterMs: 1_000 });

    expect(guarded.types).toEqual([]);
  });

  test("counts each attempt, and no repetition passes once it is open", () => {
    const world = simulate(() => ({ status: 500 }));
    world.through(
      retry({ attempts: 5, jitter: "none" }, world.runtime),
      circuitBreaker({ minimumCalls: 3 }, world.runtime),
    );

    expect(world.one()).toMatchObject({ attempts: 4, sent: 3, error: open });
  });

  test("says when to come back, and how many failed", () => {
    const guarded = new Guarded();
    guarded.call(20, { status: 500 });
    guarded.world.time.advance(1_000);

    const { outcome } = guarded.world.one();

    expect(outcome).toMatchObject({ kind: "fatal", mayHaveRun: false, retryAfterMs: 4_000 });
    expect((outcome.refusal as { message(): string }).message()).toBe(
      'calls to "upstream" are stopped for 4s: most of them failed; look at that service',
    );
  });

  test("keeps destinations apart", () => {
    const failing = simulate(() => ({ status: 500 }));
    const policy = circuitBreaker({ minimumCalls: 2 }, failing.runtime);
    const fine = simulate(() => ({ status: 200 }), { time: failing.time, destination: new Destination("other") });

    const stopped = failing.through(once, policy).many(3, 10);
    const untouched = fine.through(once, policy).many(3, 10);

    expect([stopped.at(-1)?.error, untouched.at(-1)?.status]).toEqual([open, 200]);
  });
});

describe("a half-open breaker", () => {
  test("lets exactly three trial calls through and refuses all others until those have ended", () => {
    const guarded = new Guarded();
    guarded.halfOpen();
    guarded.next = { status: 200, afterMs: 100 };
    const ended: (number | string)[] = [];

    for (let call = 0; call < 10; call++) guarded.world.start(({ error, status }) => ended.push(error ?? status));
    const refused = [...ended];
    guarded.world.time.advance(200);

    expect(refused).toEqual(Array.from({ length: 7 }, () => open));
    expect(ended.slice(7)).toEqual([200, 200, 200]);
    expect(guarded.types).toEqual(["breaker.opened", "breaker.half_open", "breaker.closed"]);
  });

  test("closes when two thirds succeed, and opens again, for twice as long, when they do not", () => {
    const well = new Guarded();
    well.halfOpen();
    const badly = new Guarded();
    badly.halfOpen();

    well.call(1, { status: 500 });
    well.call(2, { status: 200 });
    badly.call(1, { status: 200 });
    badly.call(2, { status: 500 });

    expect(well.types.at(-1)).toBe("breaker.closed");
    expect(badly.world.events.at(-1)).toMatchObject({ type: "breaker.opened", forMs: 10_000, failures: 2, calls: 3 });
  });

  test("stays open for a minute at most, however often its trials fail, and for the first time again after it closed", () => {
    const guarded = new Guarded();
    guarded.halfOpen();
    for (let round = 0; round < 6; round++) {
      guarded.call(2, { status: 500 });
      guarded.world.time.advance(60_000);
    }

    guarded.call(3, { status: 200 });
    guarded.call(20, { status: 500 });

    const opened = guarded.world.events.filter(({ type }) => type === "breaker.opened").map(({ forMs }) => forMs);
    expect(opened).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000, 5_000]);
  });

  test("forgets what led to its opening when it closes", () => {
    const guarded = new Guarded();
    guarded.halfOpen();
    guarded.call(3, { status: 200 });

    guarded.call(19, { status: 500 });

    expect(guarded.types.at(-1)).toBe("breaker.closed");
  });

  test("gives the place of a trial back that was cancelled", () => {
    const guarded = new Guarded();
    guarded.halfOpen();

    for (let round = 0; round < 10; round++) guarded.world.start().cancel();
    const after = guarded.call(3, { status: 200 });

    expect(after).toEqual([200, 200, 200]);
    expect(guarded.types.at(-1)).toBe("breaker.closed");
  });
});

test("a half-open breaker never has more trial calls under way than places, and a healthy upstream always closes it", () => {
  const step = fc.record({
    status: fc.constantFrom(200, 404, 429, 500, 0),
    afterMs: fc.nat(3_000),
    passMs: fc.nat(2_000),
    cancels: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), fc.integer({ min: 1, max: 4 }), (steps, trials) => {
      const guarded = new Guarded({ minimumCalls: 3, permittedCallsInHalfOpen: trials, openFor: "4s" });
      const { world } = guarded;
      const underWay = new Set<{ readonly isOver: boolean }>();
      for (const { status, afterMs, passMs, cancels } of steps) {
        guarded.next = status === 0 ? { fails: "reset", afterMs } : { status, afterMs };
        const { sent } = world;
        const exchange = world.start();
        for (const one of underWay) if (one.isOver) underWay.delete(one);
        const state = guarded.types.at(-1) ?? "breaker.closed";
        const passed = world.sent > sent;
        if (state === "breaker.half_open" && passed && !exchange.isOver) underWay.add(exchange);
        if (state !== "breaker.half_open") underWay.clear();
        if (state === "breaker.closed") expect(passed).toBe(true);
        expect(underWay.size).toBeLessThanOrEqual(trials);
        if (cancels) exchange.cancel();
        world.time.advance(passMs);
      }

      world.time.advance(120_000);
      guarded.call(trials + 1, { status: 200, afterMs: 1 });

      expect(guarded.call(1)).toEqual([200]);
    }),
  );
});

test("a refused call that never passed the breaker is not counted by it", () => {
  const world = simulate(() => ({ status: 200 }));
  const gate = { name: "gate", admit: () => refuse("ENMESH_CLOSED", "closed") };
  world.through(once, gate, circuitBreaker({ minimumCalls: 1 }, world.runtime));

  world.many(5, 1);

  expect(world.destination.slots.filter((value) => value !== undefined)).toEqual([]);
});

test("options that cannot be are refused", () => {
  const { runtime } = simulate(() => ({ status: 200 }));

  expect(() => circuitBreaker({ failureRatio: 50 }, runtime)).toThrow("failureRatio: must be 0.01 to 1, got 50");
  expect(() => circuitBreaker({ permittedCallsInHalfOpen: 0 }, runtime)).toThrow("permittedCallsInHalfOpen");
});
