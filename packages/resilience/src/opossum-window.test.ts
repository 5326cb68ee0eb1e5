import CircuitBreaker from "opossum";
import { describe, expect, test, vi } from "vitest";

import { OpossumWindow } from "./opossum-window.ts";

const failure = new Error("failed");
const settings = { name: "orders", windowMs: 10_000, failureRatio: 0.5, minimumCalls: 4 };

describe("the window of a breaker", () => {
  test("turns by the clock that it is given, a tenth at a time, and forgets what fell out", () => {
    const window = new OpossumWindow(settings, 0);
    for (const now of [0, 500, 1_000, 9_000]) window.count(now, undefined);

    const tallies = [9_999, 10_000, 10_999, 11_000, 18_999, 19_000, 1e9].map((now) => window.tally(now).calls);

    expect(tallies).toEqual([4, 2, 2, 1, 1, 0, 0]);
  });

  test("tells what it held when it is bad enough, at once, and starts anew", () => {
    const window = new OpossumWindow(settings, 0);

    const verdicts = [failure, undefined, undefined, failure].map((outcome) => window.count(1, outcome));

    expect(verdicts).toEqual([undefined, undefined, undefined, { failures: 2, calls: 4 }]);
    expect(window.tally(1)).toEqual({ failures: 0, calls: 0 });
  });

  test("does not mind a clock that stands still or jumps far", () => {
    const window = new OpossumWindow(settings, 5_000);
    window.count(5_000, failure);
    window.count(5_000, failure);

    const kept = window.tally(5_000);
    const gone = window.tally(Number.MAX_SAFE_INTEGER);

    expect([kept.failures, gone.failures]).toEqual([2, 0]);
  });

  test("keeps nothing per call, though opossum would keep every latency", () => {
    const fire = vi.spyOn(CircuitBreaker.prototype, "fire");
    const window = new OpossumWindow(settings, 0);

    for (let call = 0; call < 1_000; call++) window.count(call * 20, call % 3 === 0 ? failure : undefined);
    const buckets = (fire.mock.contexts[0] as CircuitBreaker).status.window as unknown as { latencyTimes: unknown[] }[];

    expect(buckets.map(({ latencyTimes }) => latencyTimes.length)).toEqual(Array.from({ length: 10 }, () => 0));
  });

  test("rejects nothing that nobody handles", async () => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", listener);
    const window = new OpossumWindow(settings, 0);

    for (let call = 0; call < 10; call++) window.count(0, failure);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", listener);

    expect(unhandled).toEqual([]);
  });
});
