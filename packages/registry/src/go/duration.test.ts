import { expect, test } from "vitest";

import { DecodeError } from "./decode-error.ts";
import { goDuration } from "./duration.ts";

test.each([
  ["10s", 10_000],
  ["1h2m3s", 3_723_000],
  ["120000ms", 120_000],
  [".5s", 500],
  ["-1s", -1_000],
  ["0", 0],
  ["5ns", 0.000005],
])("%s is %d ms", (text, milliseconds) => {
  expect(goDuration(text)).toBeCloseTo(milliseconds, 9);
});

test.each([
  ["10", 'time: missing unit in duration "10"'],
  ["10x", 'time: unknown unit "x" in duration "10x"'],
  ["", 'time: invalid duration ""'],
  ["x", 'time: invalid duration "x"'],
  ["1constructor", 'time: unknown unit "constructor" in duration "1constructor"'],
])("%j is refused in Go's words", (text, message) => {
  expect(() => goDuration(text)).toThrow(new DecodeError(message));
});
