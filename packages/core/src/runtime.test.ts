import { expect, test } from "vitest";

import type { MeshEvent } from "./events.ts";
import { createRuntime } from "./runtime.ts";
import { TimerCallback } from "./timers.ts";

test("a process whose event loop was blocked distrusts itself for as long, a second at most, and says so", () => {
  const seen: MeshEvent[] = [];
  const clock = { time: 0, now: () => clock.time, wall: () => clock.time };
  const runtime = createRuntime({ clock });
  runtime.events.listen((event) => seen.push(event));
  const distrusts: boolean[] = [];
  const judge = new TimerCallback((now) => distrusts.push(now < runtime.distrustsItselfUntil));
  const advance = (now: number): void => {
    clock.time = now;
    (runtime.timers as unknown as { advance(): void }).advance();
  };

  runtime.timers.schedule(judge, 10);
  advance(400);
  runtime.timers.schedule(judge, 10);
  advance(10_400);

  expect(distrusts).toEqual([true, true]);
  expect(seen).toEqual([
    { type: "loop.late", lateMs: 392 },
    { type: "loop.late", lateMs: 9_992 },
  ]);
  expect(runtime.distrustsItselfUntil).toBe(11_400);
});
