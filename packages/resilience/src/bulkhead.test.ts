import { refuse } from "@enmesh/core";
import type { Run, Simulation } from "@enmesh/core/simulation";
import { scripted, simulate } from "@enmesh/core/simulation";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { bulkhead, type BulkheadOptions } from "./bulkhead.ts";
import { deadline } from "./deadline.ts";
import { retry } from "./retry.ts";

fc.configureGlobal({ seed: 1 });

/** A world that knows how many attempts run in it. */
function crowded(
  options: BulkheadOptions,
  afterMs = 10,
): { world: Simulation; most: () => number; running: () => number } {
  let running = 0;
  let most = 0;
  const world = simulate(scripted([200], afterMs));
  const count = {
    name: "count",
    admit: (): undefined => void (most = Math.max(most, (running += 1))),
    settle: () => void (running -= 1),
  };
  world.through(
    deadline({}, world.runtime),
    { name: "once", again: () => undefined },
    bulkhead(options, world.runtime),
    count,
  );
  return { world, most: () => most, running: () => running };
}

const refusal = refuse("ENMESH_CIRCUIT_OPEN", "no");

describe("a bulkhead", () => {
  test("lets so many run at once, lets so many wait, and refuses the next one in the same tick", () => {
    const { world, most } = crowded({ maxConcurrent: 2, maxQueue: 3 });
    const ended: (string | number)[] = [];

    for (let call = 0; call < 6; call++) world.start(({ error, status }) => ended.push(error ?? status));
    const atOnce = [...ended];
    world.time.advance(1_000);

    expect(atOnce).toEqual(["ENMESH_BULKHEAD_FULL"]);
    expect(ended.slice(1)).toEqual([200, 200, 200, 200, 200]);
    expect(most()).toBe(2);
    expect(world.events).toEqual([{ type: "bulkhead.full", destination: "upstream", limit: 2 }]);
  });

  test("serves those who wait in the order they came, before anybody who comes later", () => {
    const { world } = crowded({ maxConcurrent: 1, maxQueue: 10 });
    const ended: number[] = [];

    for (let call = 0; call < 4; call++) {
      world.start(() => {
        ended.push(call);
        // Whoever hears of an end at once may not slip in before those who wait.
        if (call === 0) world.start(() => ended.push(99));
      });
    }
    world.time.advance(1_000);

    expect(ended).toEqual([0, 1, 2, 3, 99]);
  });

  test("gives no place away that is just being handed over, though it is free for a moment", () => {
    const world = simulate(scripted([200], 10));
    const refusesSecond = { name: "gate", admit: (call: object) => (call === second?.current ? refusal : undefined) };
    const once = { name: "once", again: () => undefined };
    const note = { name: "note", admit: (call: object): undefined => void order.push(numbers.get(call) ?? 0) };
    const order: number[] = [];
    const numbers = new Map<object, number>();
    let second: { current: object } | undefined;
    let made = 0;
    const count = {
      name: "count",
      admit: (call: object): undefined => {
        made += 1;
        numbers.set(call, made);
        if (made === 2) second = { current: call };
      },
    };
    world.through(once, count, bulkhead({ maxConcurrent: 1, maxQueue: 5 }, world.runtime), refusesSecond, note);

    world.start();
    world.start(() => world.start());
    world.start();
    world.time.advance(100);

    expect(order).toEqual([1, 3, 4]);
  });

  test("forgets whoever gives up: the place in the queue is free at once", () => {
    const { world } = crowded({ maxConcurrent: 1, maxQueue: 1 });
    const ended: (string | number)[] = [];
    world.start(() => ended.push("first"));
    const waiting = world.start(({ error }) => ended.push(error ?? "answered"));

    waiting.cancel();
    world.start(({ status }) => ended.push(status));
    world.time.advance(1_000);

    expect(ended).toEqual(["ENMESH_CANCELLED", "first", 200]);
    expect(world.sent).toBe(2);
  });

  test("refuses whoever waited too long", () => {
    const { world } = crowded({ maxConcurrent: 1, maxQueue: 1, maxWait: "20ms" }, 50);
    const runs: Run[] = [];

    world.start();
    world.start((run) => runs.push(run));
    world.time.advance(1_000);

    expect(runs).toMatchObject([{ sent: 0, error: "ENMESH_BULKHEAD_FULL", elapsedMs: 20 }]);
  });

  test("gives its place back while a call backs off", () => {
    const world = simulate(scripted([500, 200, 200], 10));
    const full = bulkhead({ maxConcurrent: 1, maxQueue: 0 }, world.runtime);
    world.through(retry({ jitter: "none" }, world.runtime), full);
    const ended: (string | number)[] = [];

    world.start(({ status }) => ended.push(`repeated ${status}`));
    world.time.advance(20);
    world.start(({ error, status }) => ended.push(error ?? status));
    world.time.advance(1_000);

    expect(ended).toEqual([200, "repeated 200"]);
  });

  test("lets a thousand who wait pass one after the other without a deep stack, though each ends at once", () => {
    const world = simulate(scripted([200], 10));
    const broken = { name: "broken", admit: () => (world.sent > 0 ? refusal : undefined) };
    world.through(
      { name: "once", again: () => undefined },
      bulkhead({ maxConcurrent: 1, maxQueue: 20_000 }, world.runtime),
      broken,
    );
    let ended = 0;

    for (let call = 0; call < 20_000; call++) world.start(() => (ended += 1));
    world.time.advance(10);

    expect(ended).toBe(20_000);
  });

  test("never lets more run than its limit, leaks no place and starves nobody, whatever comes and goes", () => {
    const step = fc.record({
      starts: fc.nat(6),
      cancels: fc.option(fc.nat(20), { nil: undefined }),
      passMs: fc.nat(25),
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 30 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(4),
        (steps, maxConcurrent, maxQueue) => {
          const { world, most, running } = crowded({ maxConcurrent, maxQueue, maxWait: "30ms" });
          const started: { cancel(): void; isOver: boolean }[] = [];
          for (const { starts, cancels, passMs } of steps) {
            for (let call = 0; call < starts; call++) started.push(world.start());
            if (cancels !== undefined) started.at(cancels % started.length || 0)?.cancel();
            expect(running()).toBeLessThanOrEqual(maxConcurrent);
            expect(running()).toBeGreaterThanOrEqual(0);
            world.time.advance(passMs);
          }

          world.time.advance(1_000);
          const later = Array.from({ length: maxConcurrent }, () => world.start());
          const inside = running();
          world.time.advance(100);

          expect(most()).toBeLessThanOrEqual(maxConcurrent);
          expect([inside, running()]).toEqual([maxConcurrent, 0]);
          expect([...started, ...later].every(({ isOver }) => isOver)).toBe(true);
        },
      ),
    );
  });
});
