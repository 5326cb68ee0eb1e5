import { Lexer } from "yaml";

/** What a file of policy may hold at most. Far above any real one; below what would hurt. */
export const limits = {
  /** Characters of a file. */
  length: 1_048_576,
  /** Levels of nesting. */
  depth: 64,
  /** Values of a file, each alias counted as often as it is used. */
  values: 50_000,
} as const;

/** A value takes two to five tokens, with what stands around it. */
const mostTokens = 5 * limits.values;

/** Where a text is too much, and in what way. */
export interface Excess {
  readonly offset: number;
  readonly message: string;
}

/**
 * Finds what would hurt whoever parses the text, reading it once from front to back: too many values, brackets inside brackets, or
 * `- - - -` on one line. Deep indentation needs no check, it costs its writer the square of its depth in characters.
 */
export function excessIn(text: string): Excess | undefined {
  let offset = 0;
  let tokens = 0;
  let open = 0;
  let dashes = 0;
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (token === "[" || token === "{") open += 1;
    else if (token === "]" || token === "}") open = Math.max(0, open - 1);
    else if (token === "-" || token === "?") dashes += 1;
    else if (token.includes("\n")) dashes = 0;
    if (open > limits.depth || dashes > limits.depth) {
      return { offset, message: `nests deeper than ${limits.depth} levels` };
    }
    if (tokens > mostTokens) return { offset, message: `holds more than ${limits.values} values` };
    // The lexer's own marks (document start, scalar, flow error) are not in the text.
    if (!isMark(token)) offset += token.length;
  }
  return undefined;
}

function isMark(token: string): boolean {
  return token === "\u0002" || token === "\u0018" || token === "\u001F";
}
