/** A piece of an expression, and where it stands. */
export interface Token {
  readonly kind: "word" | "text" | "operator";
  readonly text: string;
  readonly at: number;
}

/** An expression that cannot be read, or that asks what cannot be asked. */
export class FilterError extends Error {
  override readonly name = "FilterError";
}

const blank = /\s+/y;
const operator = /==|!=|\(|\)|\.|\[|\]/y;
const word = /[A-Za-z0-9_/-][A-Za-z0-9_/:-]*/y;
const quoted = /"((?:[^"\\]|\\.)*)"|`([^`]*)`/y;

export function tokenize(expression: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(expression);
    if (found !== null) at += found[0].length;
    return found;
  };
  for (;;) {
    take(blank);
    if (at === expression.length) return tokens;
    const from = at;
    const text = take(quoted);
    if (text !== null) {
      tokens.push({ kind: "text", text: text[1] === undefined ? (text[2] ?? "") : unescape(text[1]), at: from });
      continue;
    }
    const found = take(operator);
    if (found !== null) {
      tokens.push({ kind: "operator", text: found[0], at: from });
      continue;
    }
    const named = take(word);
    if (named === null)
      throw new FilterError(`1:${at + 1} (${at}): no match found, got ${JSON.stringify(expression[at])}`);
    tokens.push({ kind: "word", text: named[0], at: from });
  }
}

function unescape(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text.replaceAll(/\\(.)/g, "$1");
  }
}
