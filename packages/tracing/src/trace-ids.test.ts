import { seededRandom } from "@enmesh/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseTraceParent } from "./trace-parent.ts";
import { traceIds } from "./trace-ids.ts";

describe("trace ids", () => {
  test("are always valid, whatever chance brings", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 }),
        (numbers) => {
          let next = 0;
          const ids = traceIds(() => numbers[next++ % numbers.length] ?? 0);

          expect(parseTraceParent(ids.rootTraceParent())).toMatchObject({ isSampled: false });
          expect(ids.spanId()).toMatch(/^(?!0{16})[\da-f]{16}$/);
        },
      ),
    );
  });

  test("are valid even when chance brings nothing but zero", () => {
    const ids = traceIds(() => 0);

    expect(ids.rootTraceParent()).toBe(`00-${"0".repeat(24)}00000001-${"0".repeat(15)}1-00`);
    expect(ids.spanId()).toBe(`${"0".repeat(15)}1`);
  });

  test("differ, and come again with the same seed", () => {
    const [one, other] = [traceIds(seededRandom(7)), traceIds(seededRandom(7))];

    const made = Array.from({ length: 10_000 }, () => one.rootTraceParent());

    expect(new Set(made).size).toBe(10_000);
    expect(made[0]).toBe(other.rootTraceParent());
  });
});
