import { seededRandom } from "@enmesh/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { type Backoff, backoffMs } from "./backoff.ts";

fc.configureGlobal({ seed: 1 });

const shape: Backoff = { baseMs: 50, maxMs: 2_000, multiplier: 2, jitter: "full" };
const half = (): number => 0.5;

describe("full jitter", () => {
  test("with chance in the middle waits half of what doubles up to the cap", () => {
    const waits = [0, 1, 2, 3, 4, 5, 6, 7].map((retry) => backoffMs(shape, retry, half));

    expect(waits).toEqual([25, 50, 100, 200, 400, 800, 1_000, 1_000]);
  });

  test("is spread evenly below the cap", () => {
    const random = seededRandom(1);
    const samples = Array.from({ length: 100_000 }, () => backoffMs(shape, 3, random));
    const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;

    expect(Math.max(...samples.slice(0, 50_000))).toBeLessThanOrEqual(400);
    expect(Math.abs(mean - 200)).toBeLessThan(2);
  });
});

test("equal jitter waits at least half, and none waits it all", () => {
  expect(backoffMs({ ...shape, jitter: "equal" }, 2, half)).toBe(150);
  expect(backoffMs({ ...shape, jitter: "equal" }, 2, () => 0)).toBe(100);
  expect(backoffMs({ ...shape, jitter: "none" }, 2, half)).toBe(200);
});

test("decorrelated jitter grows from the wait before", () => {
  const decorrelated: Backoff = { ...shape, jitter: "decorrelated" };

  const waits = [50, 100, 600, 1_900].map((previous) => backoffMs(decorrelated, 1, () => 0.999_999, previous));

  expect(waits.map(Math.round)).toEqual([150, 300, 1_800, 2_000]);
});

test("a wait is never negative, endless or above its cap, whatever the retry's number", () => {
  const jitter = fc.constantFrom("full" as const, "equal" as const, "decorrelated" as const, "none" as const);
  const backoff = fc.record({
    baseMs: fc.nat(5_000),
    maxMs: fc.nat(5_000),
    multiplier: fc.double({ min: 1, max: 10, noNaN: true }),
    jitter,
  });
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(
      backoff,
      fc.oneof(fc.nat(30), fc.constant(2_000)),
      chance,
      fc.nat(5_000),
      (given, retry, random, previous) => {
        const wait = backoffMs(given, retry, () => random, previous);

        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(given.maxMs);
      },
    ),
  );
});
