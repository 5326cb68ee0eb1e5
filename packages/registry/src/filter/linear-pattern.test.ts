import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { linearPattern } from "./linear-pattern.ts";

describe("a pattern", () => {
  test("matches what JavaScript's own engine matches", () => {
    const atom = fc.constantFrom(
      "a",
      "b",
      ".",
      "[ab]",
      "[^a]",
      "[a-c]",
      "\\d",
      "\\w",
      "\\S",
      "(a|b)",
      "(?:ab)",
      "(a*)",
      "(x{1,2})",
    );
    const piece = fc
      .tuple(atom, fc.constantFrom("", "*", "+", "?", "{2}", "{0,2}", "{1,}", "*?"))
      .map((parts) => parts.join(""));
    const pattern = fc
      .tuple(fc.constantFrom("", "^"), fc.array(piece, { maxLength: 5 }), fc.constantFrom("", "$", "|b"))
      .map(([head, pieces, tail]) => head + pieces.join("") + tail);
    const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "x", "1", " ", "\n"), maxLength: 12 });

    fc.assert(
      fc.property(pattern, text, (source, given) => {
        expect(linearPattern(source)(given)).toBe(new RegExp(source).test(given));
      }),
      { numRuns: 2_000 },
    );
  });

  test("takes no longer than the text is long, where a backtracking engine would never end", () => {
    const matches = linearPattern("^(a+)+$|(a|a)*b|(.*)*c");

    const before = performance.now();
    const isMatched = matches(`${"a".repeat(20_000)}!`);

    expect(isMatched).toBe(false);
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  test("can be told to ignore case", () => {
    expect(linearPattern("(?i)^WEB-[a-z]$")("web-X")).toBe(true);
  });

  test.each([
    "(",
    ")",
    "[",
    "[b-a]",
    "*a",
    "a**",
    "\\1",
    "(?=a)",
    "(?<n>a)",
    "\\p{L}",
    "a{5,2}",
    "(a{1000}){1000}",
    "\\",
    "[[:alpha:]]",
  ])("such as %s is refused", (source) => {
    expect(() => linearPattern(source)).toThrow("Failed to compile regular expression");
  });
});
