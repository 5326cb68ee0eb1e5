import { FilterError } from "./tokens.ts";

/** A part of a regular expression. */
export type Piece =
  | { readonly kind: "char"; readonly accepts: (code: number) => boolean }
  | { readonly kind: "edge"; readonly at: "start" | "end" }
  | { readonly kind: "sequence" | "either"; readonly pieces: readonly Piece[] }
  | { readonly kind: "repeat"; readonly piece: Piece; readonly least: number; readonly most: number };

const deepest = 100;
const mostRepeats = 1_000;

/** Reads the common core of RE2: literals, `.`, classes, groups, `|`, `* + ? {n,m}`, `^ $`, `\d \s \w` and `(?i)` in front. */
export function parsePattern(source: string): Piece {
  return new PatternParser(source).parse();
}

class PatternParser {
  readonly #source: string;
  #at = 0;
  #ignoresCase = false;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): Piece {
    if (this.#source.startsWith("(?i)")) {
      this.#ignoresCase = true;
      this.#at = 4;
    }
    const piece = this.#either(0);
    if (this.#at < this.#source.length) throw this.#error("unexpected )", ")");
    return piece;
  }

  #either(depth: number): Piece {
    if (depth > deepest) throw this.#error("expression nests too deeply", this.#source);
    const pieces = [this.#sequence(depth)];
    while (this.#take("|")) pieces.push(this.#sequence(depth));
    return pieces.length === 1 ? (pieces[0] as Piece) : { kind: "either", pieces };
  }

  #sequence(depth: number): Piece {
    const pieces: Piece[] = [];
    while (this.#at < this.#source.length && !"|)".includes(this.#peek())) pieces.push(this.#repeated(depth));
    return { kind: "sequence", pieces };
  }

  #repeated(depth: number): Piece {
    const piece = this.#atom(depth);
    const from = this.#at;
    const bounds = this.#bounds();
    if (bounds === undefined) return piece;
    // Lazy or greedy: whether it matches is the same.
    this.#take("?");
    if (this.#bounds() !== undefined) {
      throw this.#error("invalid nested repetition operator", this.#source.slice(from, this.#at));
    }
    return { kind: "repeat", piece, ...bounds };
  }

  #bounds(): { least: number; most: number } | undefined {
    if (this.#take("*")) return { least: 0, most: Number.POSITIVE_INFINITY };
    if (this.#take("+")) return { least: 1, most: Number.POSITIVE_INFINITY };
    if (this.#take("?")) return { least: 0, most: 1 };
    const found = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(this.#source.slice(this.#at, this.#at + 12));
    if (found === null) return undefined;
    this.#at += found[0].length;
    const least = Number(found[1]);
    const most = found[2] === undefined ? least : found[3] === "" ? Number.POSITIVE_INFINITY : Number(found[3]);
    if (least > mostRepeats || (most > mostRepeats && most !== Number.POSITIVE_INFINITY) || least > most) {
      throw this.#error("invalid repeat count", found[0]);
    }
    return { least, most };
  }

  #atom(depth: number): Piece {
    const from = this.#at;
    const character = this.#peek();
    this.#at += 1;
    if (character === "(") return this.#group(depth, from);
    if (character === "[") return { kind: "char", accepts: this.#folded(this.#class(from)) };
    if (character === ".") return { kind: "char", accepts: (code) => code !== 10 };
    if (character === "^" || character === "$") return { kind: "edge", at: character === "^" ? "start" : "end" };
    if (character === "\\") return this.#escape(from);
    if ("*+?".includes(character)) throw this.#error("missing argument to repetition operator", character);
    return this.#literal(character);
  }

  #group(depth: number, from: number): Piece {
    if (this.#source.startsWith("?:", this.#at)) this.#at += 2;
    else if (this.#peek() === "?")
      throw this.#error("invalid or unsupported Perl syntax", this.#source.slice(from, from + 3));
    const piece = this.#either(depth + 1);
    if (!this.#take(")")) throw this.#error("missing closing )", this.#source);
    return piece;
  }

  #escape(from: number): Piece {
    const character = this.#peek();
    this.#at += 1;
    const named = classOf(character);
    if (named !== undefined) return { kind: "char", accepts: named };
    const control: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", f: "\f", v: "\v" };
    if (Object.hasOwn(control, character)) return this.#literal(control[character] as string);
    if (character === "A") return { kind: "edge", at: "start" };
    if (character === "z") return { kind: "edge", at: "end" };
    if (character === "" || /[A-Za-z0-9]/.test(character)) {
      throw this.#error("invalid escape sequence", this.#source.slice(from, this.#at));
    }
    return this.#literal(character);
  }

  #class(from: number): (code: number) => boolean {
    const isNegated = this.#take("^");
    const tests: ((code: number) => boolean)[] = [];
    for (let isFirst = true; isFirst || this.#peek() !== "]"; isFirst = false) {
      const low = this.#classMember(from);
      if (typeof low === "function") {
        tests.push(low);
        continue;
      }
      if (this.#peek() !== "-" || this.#source[this.#at + 1] === "]") {
        tests.push((code) => code === low);
        continue;
      }
      this.#at += 1;
      const high = this.#classMember(from);
      if (typeof high === "function" || high < low) {
        throw this.#error("invalid character class range", this.#source.slice(from, this.#at));
      }
      tests.push((code) => code >= low && code <= high);
    }
    this.#at += 1;
    const accepts = this.#folded((code: number): boolean => tests.some((test) => test(code)));
    return isNegated ? (code) => !Number.isNaN(code) && !accepts(code) : accepts;
  }

  /** A character by its code, or a class such as `\d`. */
  #classMember(from: number): number | ((code: number) => boolean) {
    const character = this.#peek();
    if (character === "") throw this.#error("missing closing ]", this.#source.slice(from));
    if (character === "[" && this.#source[this.#at + 1] === ":") {
      throw this.#error("invalid character class range", "[:");
    }
    this.#at += 1;
    if (character !== "\\") return character.charCodeAt(0);
    const escaped = this.#peek();
    this.#at += 1;
    const named = classOf(escaped);
    if (named !== undefined) return named;
    if (escaped === "" || /[A-Za-z0-9]/.test(escaped)) throw this.#error("invalid escape sequence", `\\${escaped}`);
    return escaped.charCodeAt(0);
  }

  #literal(character: string): Piece {
    const wanted = character.charCodeAt(0);
    return { kind: "char", accepts: this.#folded((code) => code === wanted) };
  }

  /** Without regard to case, when so asked. */
  #folded(accepts: (code: number) => boolean): (code: number) => boolean {
    if (!this.#ignoresCase) return accepts;
    return (code) => {
      if (accepts(code)) return true;
      if (Number.isNaN(code)) return false;
      const character = String.fromCharCode(code);
      return accepts(character.toLowerCase().charCodeAt(0)) || accepts(character.toUpperCase().charCodeAt(0));
    };
  }

  #peek(): string {
    return this.#source[this.#at] ?? "";
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at += 1;
    return true;
  }

  #error(what: string, where: string): FilterError {
    return new FilterError(
      `Failed to compile regular expression ${JSON.stringify(this.#source)}: error parsing regexp: ${what}: \`${where}\``,
    );
  }
}

/** `\d`, `\s`, `\w` and their opposites. The end of the text is none of them. */
function classOf(name: string): ((code: number) => boolean) | undefined {
  const isDigit = (code: number): boolean => code >= 48 && code <= 57;
  const isSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13 && code !== 11);
  const isWord = (code: number): boolean =>
    isDigit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
  const classes: Readonly<Record<string, (code: number) => boolean>> = { d: isDigit, s: isSpace, w: isWord };
  const positive = Object.hasOwn(classes, name.toLowerCase()) ? classes[name.toLowerCase()] : undefined;
  if (positive === undefined || name === name.toLowerCase()) return positive;
  return (code) => !Number.isNaN(code) && !positive(code);
}
