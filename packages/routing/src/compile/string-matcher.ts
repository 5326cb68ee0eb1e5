import { fullMatch } from "../regexp.ts";
import type { StringMatch } from "../resources/string-match.ts";

/** A comparison that is ready to run. Exact, prefix and presence allocate nothing. */
export type TextTest = (text: string) => boolean;

export function textTest({ type, value }: StringMatch): TextTest {
  if (type === "exact") return (text) => text === value;
  if (type === "prefix") return (text) => text.startsWith(value);
  if (type === "regex") return fullMatch(value);
  return () => true;
}
