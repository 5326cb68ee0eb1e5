import fc from "fast-check";
import { expect, test } from "vitest";

import { TimerCallback } from "../timers.ts";
import { scripted, simulate } from "./simulate.ts";
import { VirtualTime } from "./virtual-time.ts";

fc.configureGlobal({ seed: 1 });

test("what is due happens in order, at exactly its time, however time is advanced", () => {
  const delays = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { maxLength: 30 });
  fc.assert(
    fc.property(delays, fc.array(fc.nat(20), { maxLength: 10 }), (each, steps) => {
      const time = new VirtualTime();
      const seen: number[] = [];
      for (const delay of each) {
        time.schedule(
          new TimerCallback((now) => {
            expect(now).toBe(delay);
            expect(time.now()).toBe(delay);
            seen.push(delay);
          }),
          delay,
        );
      }

      for (const step of steps) time.advance(step);
      time.runUntil();

      expect(seen).toEqual(each.toSorted((one, other) => one - other));
    }),
  );
});

test("a node that was moved happens once, at its new time, and a cancelled one never", () => {
  const time = new VirtualTime();
  const seen: string[] = [];
  const moved = new TimerCallback((now) => seen.push(`moved at ${now}`));
  const cancelled = new TimerCallback(() => seen.push("cancelled"));
  time.schedule(moved, 5);
  time.schedule(moved, 9);
  time.schedule(cancelled, 1);

  time.cancel(cancelled);
  time.advance(100);

  expect(seen).toEqual(["moved at 9"]);
});

test("one call takes as much time as it takes, and no more", () => {
  const world = simulate(scripted([200], 7));

  const run = world.one();

  expect([run.elapsedMs, world.time.now()]).toEqual([7, 7]);
});

test("a call that nothing can end says so instead of running for ever", () => {
  const world = simulate(() => ({}));

  expect(() => world.one()).toThrow("the call hangs");
});
