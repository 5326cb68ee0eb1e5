import { DecodeError } from "./decode-error.ts";

/**
 * Reads a JSON body.
 *
 * @throws DecodeError with the words of Go's decoder: `EOF` for nothing at all, `unexpected EOF` for a torn body.
 */
export function parseJson(body: Uint8Array | undefined, revive?: Revive): unknown {
  const text = body === undefined ? "" : new TextDecoder().decode(body);
  if (text.trim() === "") throw new DecodeError("EOF");
  try {
    return JSON.parse(text, revive as Parameters<typeof JSON.parse>[1]);
  } catch (error) {
    throw new DecodeError(inGosWords(text, (error as Error).message));
  }
}

/** Whole numbers beyond JavaScript's become bigints, where a field may be such a one. */
export const longNumbers: Revive = (_key, value, context) => {
  const source = context?.source;
  if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined || !/^\d+$/.test(source))
    return value;
  return BigInt(source);
};

/** Looks at each value as it was written. */
export type Revive = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;

/** V8 tells the position of what it stumbled over, or that the text ended; Go tells the character. */
function inGosWords(text: string, message: string): string {
  const position = /at position (\d+)/.exec(message)?.[1];
  const token = /^Unexpected token '(.)'/u.exec(message)?.[1];
  const character = token ?? (position === undefined ? undefined : text[Number(position)]);
  if (character === undefined || /^Unexpected end|^Unterminated/.test(message)) return "unexpected EOF";
  return `invalid character '${character}' looking for beginning of value`;
}
