import { type Clock, systemClock } from "./clock.ts";
import { EventChannel } from "./events.ts";
import type { Random } from "./random.ts";
import { TimerWheel } from "./timer-wheel.ts";
import type { Timers } from "./timers.ts";

/** What every part of the mesh gets from outside: time, chance and a place to report. One per mesh, one per simulation. */
export interface Runtime {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly events: EventChannel;
  /** Until when (monotonic) our own event loop is to blame for what came late: it was blocked. */
  distrustsItselfUntil: number;
}

/** The runtime of a process: real time, real chance, one timer wheel. */
export function createRuntime(parts: Partial<Omit<Runtime, "distrustsItselfUntil">> = {}): Runtime {
  const clock = parts.clock ?? systemClock;
  const events = parts.events ?? new EventChannel();
  const runtime: Runtime = {
    clock,
    events,
    random: parts.random ?? Math.random,
    timers:
      parts.timers ??
      new TimerWheel({
        clock,
        onLate: (lateMs) => {
          runtime.distrustsItselfUntil = clock.now() + Math.min(lateMs, 1_000);
          events.report({ type: "loop.late", lateMs });
        },
      }),
    distrustsItselfUntil: 0,
  };
  return runtime;
}
