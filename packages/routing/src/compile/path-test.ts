import { fullMatch } from "../regexp.ts";
import type { StringMatch } from "../resources/string-match.ts";

/** A test of the path alone, given with its query and where that begins: nothing is cut out unless the test needs text of its own. */
export type PathTest = (path: string, pathEnd: number) => boolean;

/** `ignoreCase` concerns exact and prefix; an expression says so itself, with `(?i)`. */
export function pathTest({ type, value }: StringMatch, ignoreCase: boolean): PathTest {
  if (type === "regex") {
    const test = fullMatch(value);
    return (path, pathEnd) => test(path.slice(0, pathEnd));
  }
  const { length } = value;
  if (!ignoreCase) {
    if (type === "exact") return (path, pathEnd) => pathEnd === length && path.startsWith(value);
    return (path, pathEnd) => pathEnd >= length && path.startsWith(value);
  }
  const lower = value.toLowerCase();
  if (type === "exact") return (path, pathEnd) => pathEnd === length && path.slice(0, length).toLowerCase() === lower;
  return (path, pathEnd) => pathEnd >= length && path.slice(0, length).toLowerCase() === lower;
}
