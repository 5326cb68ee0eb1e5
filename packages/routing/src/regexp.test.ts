import { expect, test } from "vitest";

import { fullMatch, regexpProblem } from "./regexp.ts";

test("an expression must match the whole text", () => {
  expect(fullMatch("/v[0-9]")("/v1")).toBe(true);
  expect(fullMatch("/v[0-9]")("/v1/more")).toBe(false);
  expect(fullMatch("a|ab")("ab")).toBe(true);
});

test.each([
  "(?=a)b",
  "(?<=a)b",
  "(a)\\1",
  "(",
  "(a{1000}){1000}",
  `(${".{0,100}".repeat(10)}){100}`,
  "a".repeat(1_025),
])("an expression that is not RE2's, or too large, is refused: %s", (pattern) => {
  expect(regexpProblem(pattern)).toEqual(expect.any(String));
});

test("an expression of 1024 characters is allowed", () => {
  expect(regexpProblem("a".repeat(1_024))).toBeUndefined();
});

test.each(["(a+)+$", "(a*)*b", "(a|aa)+$", "(.*)*x", "^(([a-z])+.)+[A-Z]([a-z])+$"])(
  "time grows with the text and nothing else: %s",
  (pattern) => {
    const matches = fullMatch(pattern);
    const started = performance.now();

    matches(`${"a".repeat(50_000)}!`);

    expect(performance.now() - started).toBeLessThan(1_000);
  },
);
