import { parseBool, parseUint } from "../go/numbers.ts";
import { linearPattern } from "./linear-pattern.ts";
import { parseFilter, type Expression, type Operator } from "./parse.ts";
import type { Shape, Struct } from "./schema.ts";
import { FilterError } from "./tokens.ts";

/** Says whether an item of an answer is to stay. */
export type Filter = (item: object) => boolean;

const longest = 4_096;

/**
 * Turns an expression into a function. All that can be wrong with it is found here: unknown fields, operators that a field
 * does not have, values of the wrong kind.
 *
 * @throws FilterError
 */
export function compileFilter(text: string, struct: Struct): Filter {
  if (text.length > longest) throw new FilterError(`the expression is longer than ${longest} characters`);
  return build(parseFilter(text), struct);
}

type Test = (value: unknown) => boolean;

function build(expression: Expression, struct: Struct): Test {
  if (expression.kind === "not") {
    const inner = build(expression.inner, struct);
    return (value) => !inner(value);
  }
  if (expression.kind === "match") return select(expression, { struct }, expression.selector);
  const [left, right] = [build(expression.left, struct), build(expression.right, struct)];
  return expression.kind === "and" ? (value) => left(value) && right(value) : (value) => left(value) || right(value);
}

type Match = Extract<Expression, { kind: "match" }>;

/** Walks down the selector, one field at a time, and tests what is there. */
function select(match: Match, shape: Shape, path: readonly string[]): Test {
  const [name, ...rest] = path;
  if (name === undefined) return testOf(match, shape);
  if (shape === "map" || (typeof shape === "object" && "mapOf" in shape)) {
    const test = select(match, shape === "map" ? "text" : { struct: shape.mapOf }, rest);
    if (shape === "map" && rest.length === 0 && /Empty/.test(match.operator)) throw invalidOperator(match);
    return (map) => {
      const entry = isMap(map) && Object.hasOwn(map, name) ? map[name] : undefined;
      return entry === undefined ? isNegative(match.operator) : test(entry);
    };
  }
  if (typeof shape === "object" && "listOf" in shape) {
    const test = select(match, { struct: shape.listOf }, path);
    return (items) => (items as readonly unknown[]).some((item) => test(item));
  }
  const field = typeof shape === "object" && Object.hasOwn(shape.struct, name) ? shape.struct[name] : undefined;
  if (field === undefined) throw new FilterError(`Selector ${JSON.stringify(match.selector.join("."))} is not valid`);
  const test = select(match, field, rest);
  // Where an answer leaves a field out, it is empty.
  return (value) => test((value as Readonly<Record<string, unknown>>)[name] ?? zeroOf(field));
}

function zeroOf(shape: Shape): unknown {
  if (shape === "text") return "";
  if (shape === "number") return 0;
  if (shape === "truth") return false;
  if (shape === "texts") return [];
  return typeof shape === "object" && "listOf" in shape ? [] : {};
}

/** What a key that is not there answers: nothing is equal to it, contained in it or matched by it. */
function isNegative(operator: Operator): boolean {
  return operator === "Not Equal" || operator === "Not In" || operator === "Not Matches" || operator === "Is Empty";
}

function testOf(match: Match, shape: Shape): Test {
  const { operator, value } = match;
  const positive = positiveOf(operator);
  const test = positiveTest({ ...match, operator: positive }, operator, shape, value);
  return positive === operator ? test : (given) => !test(given);
}

function positiveOf(operator: Operator): Operator {
  if (operator === "Not Equal") return "Equal";
  if (operator === "Not In") return "In";
  if (operator === "Not Matches") return "Matches";
  return operator === "Is Not Empty" ? "Is Empty" : operator;
}

function positiveTest(match: Match, asked: Operator, shape: Shape, value: string): Test {
  const { operator } = match;
  if (operator === "Equal") return equalTest(match, asked, shape, value);
  if (operator === "Is Empty" && isCollection(shape)) return (given) => sizeOf(given) === 0;
  if (operator === "In") {
    if (shape === "texts") return (given) => (given as readonly string[]).includes(value);
    if (shape === "map" || (typeof shape === "object" && "mapOf" in shape))
      return (given) => isMap(given) && Object.hasOwn(given, value);
    if (shape === "text") return (given) => (given as string).includes(value);
  }
  if (operator === "Matches" && shape === "text") {
    const pattern = linearPattern(value);
    return (given) => pattern(given as string);
  }
  throw invalidOperator({ ...match, operator: asked });
}

function equalTest(match: Match, asked: Operator, shape: Shape, value: string): Test {
  if (shape === "text") return (given) => given === value;
  if (shape === "number") {
    if (parseUint(value.replace(/^[-+]/, "")) === undefined) {
      throw cannotCoerce(match, `strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
    }
    return (given) => given === Number(value);
  }
  if (shape === "truth") {
    const wanted = parseBool(value);
    if (wanted === undefined)
      throw cannotCoerce(match, `strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`);
    return (given) => given === wanted;
  }
  throw invalidOperator({ ...match, operator: asked });
}

function isCollection(shape: Shape): boolean {
  return (
    shape === "texts" || shape === "map" || shape === "text" || (typeof shape === "object" && !("struct" in shape))
  );
}

function sizeOf(value: unknown): number {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return Object.keys(value as object).length;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function cannotCoerce({ selector, value }: Match, why: string): FilterError {
  const name = JSON.stringify(selector.join("."));
  return new FilterError(`Failed to coerce value ${JSON.stringify(value)} for selector ${name}: ${why}`);
}

function invalidOperator({ operator, selector }: Match): FilterError {
  return new FilterError(
    `Invalid match operator ${JSON.stringify(operator)} for selector ${JSON.stringify(selector.join("."))}`,
  );
}
