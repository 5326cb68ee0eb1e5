import { VirtualTime } from "@enmesh/core/simulation";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { RetryBudget, type RetryBudgetOptions } from "./retry-budget.ts";

fc.configureGlobal({ seed: 1 });

function budget(options: RetryBudgetOptions): { time: VirtualTime; spent: RetryBudget } {
  const time = new VirtualTime();
  return { time, spent: new RetryBudget(options, time) };
}

function withdrawAll(from: RetryBudget): number {
  let count = 0;
  while (from.withdraw()) count += 1;
  return count;
}

describe("a retry budget", () => {
  test("without any call allows the minimum, and again after its time", () => {
    const { time, spent } = budget({ ratio: 0.2, minRetriesPerSecond: 10, ttlMs: 10_000 });

    const first = withdrawAll(spent);
    time.advance(9_999);
    const stillNone = withdrawAll(spent);
    time.advance(1);
    const second = withdrawAll(spent);

    expect([first, stillNone, second]).toEqual([100, 0, 100]);
  });

  test("of a fifth allows 200 retries for 1000 calls", () => {
    const { spent } = budget({ ratio: 0.2, minRetriesPerSecond: 0 });

    for (let call = 0; call < 1_000; call++) spent.deposit();

    expect([spent.balance, withdrawAll(spent)]).toEqual([200, 200]);
  });

  test("forgets deposits after their time", () => {
    const { time, spent } = budget({ ratio: 0.2, minRetriesPerSecond: 0 });
    for (let call = 0; call < 1_000; call++) spent.deposit();

    time.advance(10_000);

    expect(withdrawAll(spent)).toBe(0);
  });

  test("of nothing allows nothing; of a minimum alone, the minimum", () => {
    const none = budget({ ratio: 0, minRetriesPerSecond: 0 }).spent;
    const least = budget({ ratio: 0, minRetriesPerSecond: 2, ttlMs: 1_000 }).spent;
    for (let call = 0; call < 1_000; call++) {
      none.deposit();
      least.deposit();
    }

    expect([withdrawAll(none), withdrawAll(least)]).toEqual([0, 2]);
  });

  test("never lets more through in any stretch of time than calls and minimum earn", () => {
    const step = fc.record({ calls: fc.nat(30), tries: fc.nat(30), passMs: fc.nat(4_000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom(0.1, 0.2, 0.3, 1), (steps, ratio) => {
        const { time, spent } = budget({ ratio, minRetriesPerSecond: 1, ttlMs: 10_000 });
        let deposits = 0;
        let withdrawals = 0;
        for (const { calls, tries, passMs } of steps) {
          for (let call = 0; call < calls; call++) spent.deposit();
          deposits += calls;
          for (let attempt = 0; attempt < tries; attempt++) if (spent.withdraw()) withdrawals += 1;
          time.advance(passMs);

          expect(spent.balance).toBeGreaterThanOrEqual(0);
          // A deposit is spent at most once; the minimum of a window may be spent in each of its windows.
          expect(withdrawals).toBeLessThanOrEqual(deposits * ratio + 10 * (Math.floor(time.now() / 9_000) + 1) + 1e-6);
        }
      }),
    );
  });

  test.each([
    [{ ratio: -1 }, "ratio: must be 0 to 1000, got -1"],
    [{ ttlMs: 10 }, "ttlMs: must be 1000 to 60000, got 10"],
    [{ ratios: 1 } as RetryBudgetOptions, "ratios: no such option"],
  ])("with %j is refused when it is made", (options, message) => {
    expect(() => new RetryBudget(options)).toThrow(message);
  });
});
