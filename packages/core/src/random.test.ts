import fc from "fast-check";
import { expect, test } from "vitest";

import { seededRandom } from "./random.ts";

fc.configureGlobal({ seed: 1 });

test("the same seed gives the same numbers, each from 0 to below 1", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const [one, other] = [seededRandom(seed), seededRandom(seed)];
      const numbers = Array.from({ length: 100 }, () => one());

      expect(Array.from({ length: 100 }, () => other())).toEqual(numbers);
      expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
    }),
  );
});

test("seeded numbers are spread evenly", () => {
  const random = seededRandom(7);
  const counts = Array.from({ length: 20 }, () => 0);

  for (let draw = 0; draw < 200_000; draw++) counts[Math.floor(random() * 20)]! += 1;
  const chiSquared = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);

  // 19 degrees of freedom: above 43.8 once in a thousand.
  expect(chiSquared).toBeLessThan(43.8);
});
