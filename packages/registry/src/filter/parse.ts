import { FilterError, tokenize, type Token } from "./tokens.ts";

export type Operator =
  | "Equal"
  | "Not Equal"
  | "In"
  | "Not In"
  | "Is Empty"
  | "Is Not Empty"
  | "Matches"
  | "Not Matches";

/** An expression as a tree. */
export type Expression =
  | { readonly kind: "and" | "or"; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "not"; readonly inner: Expression }
  | {
      readonly kind: "match";
      readonly selector: readonly string[];
      readonly operator: Operator;
      readonly value: string;
    };

const deepest = 100;

/** Reads an expression: `Service.Meta.zone == "a" and not "canary" in Service.Tags`. @throws FilterError */
export function parseFilter(text: string): Expression {
  const parser = new Parser(tokenize(text), text.length);
  const expression = parser.or(0);
  parser.end();
  return expression;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #length: number;
  #next = 0;

  constructor(tokens: readonly Token[], length: number) {
    this.#tokens = tokens;
    this.#length = length;
  }

  or(depth: number): Expression {
    if (depth > deepest) throw new FilterError("the expression is nested too deeply");
    const operands = [this.#and(depth)];
    while (this.#takeWord("or")) operands.push(this.#and(depth));
    return operands.reduceRight((right, left) => ({ kind: "or", left, right }));
  }

  end(): void {
    if (this.#next < this.#tokens.length) throw this.#unexpected("and, or, or the end");
  }

  #and(depth: number): Expression {
    const operands = [this.#not(depth)];
    while (this.#takeWord("and")) operands.push(this.#not(depth));
    return operands.reduceRight((right, left) => ({ kind: "and", left, right }));
  }

  #not(depth: number): Expression {
    let isNegated = false;
    while (this.#takeWord("not")) isNegated = !isNegated;
    const inner = this.#operand(depth);
    return isNegated ? { kind: "not", inner } : inner;
  }

  #operand(depth: number): Expression {
    if (!this.#takeOperator("(")) return this.#match();
    const inner = this.or(depth + 1);
    if (!this.#takeOperator(")")) throw this.#unexpected(")");
    return inner;
  }

  #match(): Expression {
    // A value stands first only before "in" and "not in".
    const start = this.#next;
    const value = this.#value();
    const isIn = this.#takeWord("in");
    if (isIn || this.#takeWords("not", "in")) {
      return { kind: "match", selector: this.#selector(), operator: isIn ? "In" : "Not In", value };
    }
    this.#next = start;
    const selector = this.#selector();
    if (this.#takeOperator("==")) return { kind: "match", selector, operator: "Equal", value: this.#value() };
    if (this.#takeOperator("!=")) return { kind: "match", selector, operator: "Not Equal", value: this.#value() };
    if (this.#takeWords("is", "empty")) return { kind: "match", selector, operator: "Is Empty", value: "" };
    if (this.#takeWords("is", "not", "empty")) return { kind: "match", selector, operator: "Is Not Empty", value: "" };
    if (this.#takeWord("contains")) return { kind: "match", selector, operator: "In", value: this.#value() };
    if (this.#takeWords("not", "contains"))
      return { kind: "match", selector, operator: "Not In", value: this.#value() };
    if (this.#takeWord("matches")) return { kind: "match", selector, operator: "Matches", value: this.#value() };
    if (this.#takeWords("not", "matches"))
      return { kind: "match", selector, operator: "Not Matches", value: this.#value() };
    throw this.#unexpected("an operator such as ==, in, contains, matches or is empty");
  }

  /** `Service.Meta.zone` or `Service.Meta["zone"]`. */
  #selector(): string[] {
    const first = this.#take("word");
    if (first === undefined || !/^[A-Za-z]/.test(first.text)) throw this.#unexpected("a selector");
    const path = [first.text];
    for (;;) {
      if (this.#takeOperator(".")) {
        const part = this.#take("word");
        if (part === undefined) throw this.#unexpected("the name of a field");
        path.push(part.text);
      } else if (this.#takeOperator("[")) {
        const part = this.#take("text");
        if (part === undefined || !this.#takeOperator("]")) throw this.#unexpected('a quoted key and "]"');
        path.push(part.text);
      } else return path;
    }
  }

  /** Quoted, or a word; a word may have dots in it. */
  #value(): string {
    const quoted = this.#take("text");
    if (quoted !== undefined) return quoted.text;
    const parts: string[] = [];
    do {
      const token = this.#take("word");
      if (token === undefined) throw this.#unexpected("a value: quoted, a number or a word");
      parts.push(token.text);
    } while (this.#takeOperator("."));
    return parts.join(".");
  }

  #take(kind: Token["kind"]): Token | undefined {
    const token = this.#tokens[this.#next];
    if (token?.kind !== kind) return undefined;
    this.#next += 1;
    return token;
  }

  #takeOperator(text: string): boolean {
    const token = this.#tokens[this.#next];
    if (token?.kind !== "operator" || token.text !== text) return false;
    this.#next += 1;
    return true;
  }

  #takeWord(text: string): boolean {
    return this.#takeWords(text);
  }

  #takeWords(...texts: string[]): boolean {
    const isHere = texts.every((text, at) => {
      const token = this.#tokens[this.#next + at];
      return token?.kind === "word" && token.text === text;
    });
    if (isHere) this.#next += texts.length;
    return isHere;
  }

  #unexpected(wanted: string): FilterError {
    const at = this.#tokens[this.#next]?.at ?? this.#length;
    return new FilterError(`1:${at + 1} (${at}): no match found, expected: ${wanted}`);
  }
}
