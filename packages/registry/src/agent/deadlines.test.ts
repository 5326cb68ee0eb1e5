import { createRuntime, TimerWheel } from "@enmesh/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Deadlines } from "./deadlines.ts";
import { LoopWatch } from "./loop-watch.ts";

describe("a deadline", () => {
  test("passes at its time while the event loop is well", () => {
    const { deadlines, live, passed } = world();
    deadlines.set("a", 1_000);

    live(900);
    const early = [...passed];
    live(200);

    expect(early).toEqual([]);
    expect(passed).toEqual(["a"]);
  });

  test("does not pass while the loop was blocked, nor right after: the beats of that time are still unread", () => {
    const { deadlines, live, block, passed } = world();
    deadlines.set("a", 1_000);
    deadlines.set("soon", 5_600);

    live(500);
    block(5_000);
    live(1_000);

    expect(passed).toEqual([]);
  });

  test("that was owed time passes when it has had it", () => {
    const { deadlines, live, block, passed } = world();
    deadlines.set("a", 1_000);

    live(500);
    block(5_000);
    live(6_000);

    expect(passed).toEqual(["a"]);
  });

  test("that is set after the block is owed nothing", () => {
    const { deadlines, live, block, passed } = world();

    block(5_000);
    live(300);
    deadlines.set("a", 1_000);
    live(1_100);

    expect(passed).toEqual(["a"]);
  });

  test("never passes before it has had its time in a loop that ran", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 150, max: 4_000 })), { maxLength: 12 }),
        (phases) => {
          const { deadlines, live, block, passed } = world();
          deadlines.set("a", 5_000);
          let ran = 0;

          for (const [isBlocked, ms] of phases) {
            if (isBlocked) block(ms);
            else live(ms);
            if (!isBlocked) ran += ms;
            if (ran < 5_000) expect(passed).toEqual([]);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

/** A real wheel whose clock we turn: in ticks while the loop is well, in one go when it was blocked. */
function world() {
  let now = 1_000;
  const clock = { now: () => now, wall: () => now };
  const wheel = new TimerWheel({ clock, tickMs: 10 });
  const runtime = createRuntime({ clock, timers: wheel });
  const passed: string[] = [];
  const deadlines = new Deadlines({ runtime, loopWatch: new LoopWatch(runtime), passed: (id) => passed.push(id) });
  const block = (ms: number): void => {
    now += ms;
    wheel.advance(now);
  };
  const live = (ms: number): void => {
    for (let left = ms; left > 0; left -= 10) block(Math.min(10, left));
  };
  return { deadlines, live, block, passed };
}
