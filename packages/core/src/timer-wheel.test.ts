import { AsyncLocalStorage } from "node:async_hooks";
import { spawnSync } from "node:child_process";

import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";

import type { Clock } from "./clock.ts";
import { TimerCallback } from "./timers.ts";
import { TimerWheel, type TimerWheelOptions } from "./timer-wheel.ts";

fc.configureGlobal({ seed: 1 });

class FakeClock implements Clock {
  time: number;

  constructor(time = 0) {
    this.time = time;
  }
  now(): number {
    return this.time;
  }
  wall(): number {
    return this.time;
  }
}

function wheelAt(start = 0, options: TimerWheelOptions = {}): { clock: FakeClock; wheel: TimerWheel } {
  const clock = new FakeClock(start);
  return { clock, wheel: new TimerWheel({ tickMs: 8, slots: 16, ...options, clock }) };
}

/** Lets the wheel tick every `everyMs`, as its interval does. */
function run(clock: FakeClock, wheel: TimerWheel, forMs: number, everyMs = 8): void {
  for (const until = clock.time + forMs; clock.time < until;) {
    clock.time = Math.min(until, clock.time + everyMs);
    wheel.advance();
  }
}

describe("a timer wheel", () => {
  test("never fires early, and at most one tick late, wherever its ticks fall", () => {
    const start = fc.double({ min: 0, max: 1e6, noNaN: true });
    const delays = fc.array(fc.double({ min: 0, max: 1_000, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(start, delays, fc.double({ min: 0, max: 8, noNaN: true }), (at, each, phase) => {
        const { clock, wheel } = wheelAt(at);
        const late: number[] = [];

        wheel.schedule(new TimerCallback(() => {}), 2_000);
        clock.time += phase;
        for (const delay of each) {
          const dueAt = clock.time + delay;
          wheel.schedule(new TimerCallback((now) => late.push(now - dueAt)), delay);
        }
        run(clock, wheel, 1_100);

        expect(late).toHaveLength(each.length);
        expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...late)).toBeLessThanOrEqual(8 + 1e-6);
      }),
    );
  });

  test("fires each node exactly once, whatever was moved and cancelled", () => {
    const step = fc.record({ node: fc.nat(4), delay: fc.nat(400), cancels: fc.boolean(), passMs: fc.nat(60) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { clock, wheel } = wheelAt();
        const expected: (number | undefined)[] = [0, 0, 0, 0, 0].map(() => undefined);
        const nodes = expected.map((_, index) => {
          return new TimerCallback((now) => {
            expect(now).toBeGreaterThanOrEqual(expected[index] ?? Number.POSITIVE_INFINITY);
            expected[index] = undefined;
          });
        });

        for (const { node, delay, cancels, passMs } of steps) {
          if (cancels) wheel.cancel(nodes[node] as TimerCallback);
          else wheel.schedule(nodes[node] as TimerCallback, delay);
          expected[node] = cancels ? undefined : clock.time + delay;
          expect(wheel.size).toBe(expected.filter((at) => at !== undefined).length);
          run(clock, wheel, passMs);
        }
        run(clock, wheel, 500);

        expect(expected.every((at) => at === undefined)).toBe(true);
        expect(wheel.size).toBe(0);
      }),
    );
  });

  test("lets a node cancel its neighbours and schedule itself anew while it fires", () => {
    const { clock, wheel } = wheelAt();
    const fired: string[] = [];
    const second = new TimerCallback(() => void fired.push("second"));
    const first: TimerCallback = new TimerCallback(() => {
      fired.push("first");
      wheel.cancel(second);
      if (fired.length < 3) wheel.schedule(first, 0);
    });
    wheel.schedule(first, 5);
    wheel.schedule(second, 5);

    run(clock, wheel, 100);

    expect(fired).toEqual(["first", "first", "first"]);
  });

  test("does not fire a node again and again within one tick, even after a whole turn was missed", () => {
    const { clock, wheel } = wheelAt();
    let fired = 0;
    const other = new TimerCallback(() => {});
    const restless: TimerCallback = new TimerCallback(() => {
      fired += 1;
      wheel.cancel(other);
      if (fired < 1_000) wheel.schedule(restless, 0);
    });
    wheel.schedule(restless, 5);
    wheel.schedule(other, 5);

    clock.time = 5 + 16 * 8;
    wheel.advance();

    expect(fired).toBe(1);
  });

  test("fires what came due while the event loop was blocked, once, and tells how late it was", () => {
    const late: number[] = [];
    const { clock, wheel } = wheelAt(0, { onLate: (ms) => late.push(ms) });
    const fired: number[] = [];
    for (const delay of [1, 30, 90, 150, 400]) wheel.schedule(new TimerCallback(() => fired.push(delay)), delay);

    clock.time = 300;
    wheel.advance();

    expect(fired.toSorted((a, b) => a - b)).toEqual([1, 30, 90, 150]);
    expect(late).toEqual([288]);
    run(clock, wheel, 200);
    expect(fired).toContain(400);
  });

  test("keeps its promise to the others when one of them throws", async () => {
    const { clock, wheel } = wheelAt();
    const fired: string[] = [];
    const uncaught: unknown[] = [];
    const others = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => uncaught.push(error));
    wheel.schedule(
      new TimerCallback(() => {
        throw new Error("a listener's bug");
      }),
      1,
    );
    wheel.schedule(new TimerCallback(() => fired.push("same slot")), 1);
    wheel.schedule(new TimerCallback(() => fired.push("later slot")), 20);

    clock.time = 40;
    wheel.advance();
    await new Promise((resolve) => setImmediate(resolve));
    process.removeAllListeners("uncaughtException");
    for (const listener of others) process.on("uncaughtException", listener as () => void);

    expect(fired).toEqual(["same slot", "later slot"]);
    expect(uncaught).toMatchObject([{ message: "a listener's bug" }]);
  });

  test("has an interval while something waits, and none otherwise", () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const { clock, wheel } = wheelAt();

    const counts = [vi.getTimerCount()];
    wheel.schedule(new TimerCallback(() => {}), 5);
    wheel.schedule(new TimerCallback(() => {}), 9);
    counts.push(vi.getTimerCount());
    run(clock, wheel, 50);
    counts.push(vi.getTimerCount());
    vi.useRealTimers();

    expect(counts).toEqual([0, 1, 0]);
  });

  test("belongs to no request: what it fires does not see the context of whoever scheduled first", async () => {
    const storage = new AsyncLocalStorage<string>();
    const wheel = new TimerWheel({ tickMs: 1 });

    const seen = await storage.run("first request", () => {
      return new Promise((resolve) => wheel.schedule(new TimerCallback(() => resolve(storage.getStore())), 1));
    });

    expect(seen).toBeUndefined();
  });
});

describe("a process", () => {
  const script = (holds: boolean): string => `
    import { TimerCallback } from ${JSON.stringify(new URL("timers.ts", import.meta.url).href)};
    import { TimerWheel } from ${JSON.stringify(new URL("timer-wheel.ts", import.meta.url).href)};
    const wheel = new TimerWheel();
    wheel.schedule(new TimerCallback(() => console.log("fired")), 50, ${holds});
  `;
  const outputOf = (holds: boolean): string => {
    const ended = spawnSync(process.execPath, ["--input-type=module", "-e", script(holds)], {
      encoding: "utf8",
      timeout: 10_000,
    });
    return `${ended.status} ${ended.stdout.trim()}${ended.stderr}`;
  };

  test("ends although something is scheduled", () => {
    expect(outputOf(false)).toBe("0 ");
  });

  test("stays alive for a node that holds it", () => {
    expect(outputOf(true)).toBe("0 fired");
  });
});
