import { RE2JS, RE2JSException } from "re2js";

/** Istio's own bounds: characters of an expression, and instructions it may compile to. */
const longest = 1_024;
const largestProgram = 32_768;

/** Says why an expression is refused, or undefined. Expressions are RE2's: their time grows with the text and nothing else. */
export function regexpProblem(pattern: string): string | undefined {
  if (pattern.length > longest) return `the expression has ${pattern.length} characters, ${longest} are allowed`;
  try {
    if (RE2JS.compile(pattern).programSize() <= largestProgram) return undefined;
    return "the expression is too large once its repetitions are written out; use smaller counts";
  } catch (error) {
    if (!(error instanceof RE2JSException) && !(error instanceof RangeError)) throw error;
    return `not an RE2 expression (no lookaround, no back-references): ${error.message}`;
  }
}

/** A test that the whole text must pass. */
export function fullMatch(pattern: string): (text: string) => boolean {
  const compiled = RE2JS.compile(pattern);
  return (text) => compiled.testExact(text);
}
