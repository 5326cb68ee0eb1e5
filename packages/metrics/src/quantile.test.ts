import { describe, expect, test } from "vitest";
import { quantile } from "./quantile.ts";

describe("a quantile", () => {
  test("of nothing is 0", () => {
    expect(quantile(0.99, new Float64Array(3), [1, 10])).toBe(0);
  });

  test("lies within its bucket, in proportion to its rank", () => {
    expect(quantile(0.5, [0, 10, 0], [10, 20])).toBe(15);
    expect(quantile(0.25, [4, 4, 0], [10, 20])).toBe(5);
    expect(quantile(1, [4, 4, 0], [10, 20])).toBe(20);
  });

  test("above the last bound is the last bound", () => {
    expect(quantile(0.99, [0, 0, 7], [10, 20])).toBe(20);
  });
});
