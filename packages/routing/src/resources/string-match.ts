import { excludes, mapOf, object, wrong } from "../schema/object.ts";
import { text } from "../schema/scalars.ts";
import { codes } from "../diagnostics/codes.ts";
import type { Cursor, Reader } from "../schema/cursor.ts";
import { regexpProblem } from "../regexp.ts";

/** How a rule compares one piece of text. A prefix is a raw one: `/api/orders` is also the start of `/api/orders-v2`. */
export interface StringMatch {
  readonly type: "exact" | "prefix" | "regex" | "present";
  /** Empty for `present`. */
  readonly value: string;
}

/** The conditions of a map such as `headers`: name and comparison. */
export type NamedMatch = readonly [name: string, match: StringMatch];

const fields = object({ exact: text, prefix: text, regex: text });
const kinds = ["exact", "prefix", "regex"] as const;
const present: StringMatch = Object.freeze({ type: "present", value: "" });

/** `{ exact | prefix | regex }`, one of them. */
export const stringMatch: Reader<StringMatch> = (cursor) => {
  if (isEmpty(cursor)) return void wrong(cursor, "one of exact, prefix or regex");
  return readOne(cursor);
};

/** The same, where nothing at all means "is there". */
const presenceOrMatch: Reader<StringMatch> = (cursor) => {
  if (isEmpty(cursor)) return present;
  const regex = cursor.get("regex")?.node;
  // Envoy has no other spelling for "is there", and `*` is no expression.
  if (regex?.type === "scalar" && regex.value === "*") return present;
  return readOne(cursor);
};

/** Header conditions. Names are compared without regard to case, so they are kept in lower case. */
export const headerMatches: Reader<readonly NamedMatch[]> = (cursor) =>
  mapOf(presenceOrMatch)(cursor)?.map(([name, match]) => [name.toLowerCase(), match] as const);

export const queryMatches: Reader<readonly NamedMatch[]> = mapOf(presenceOrMatch);

function readOne(cursor: Cursor): StringMatch | undefined {
  const read = fields(cursor);
  if (read === undefined || excludes(cursor, kinds)) return undefined;
  const type = kinds.find((kind) => read[kind] !== undefined);
  if (type === undefined) return undefined;
  const value = read[type] ?? "";
  const problem = type === "exact" ? undefined : problemOf(type, value);
  if (problem === undefined) return { type, value };
  return void cursor.get(type)?.report("error", type === "regex" ? codes.regexRefused : codes.wrongValue, problem);
}

function problemOf(type: "prefix" | "regex", value: string): string | undefined {
  if (value === "") return `an empty ${type} would match everything; leave the condition out, or write exact: ""`;
  return type === "regex" ? regexpProblem(value) : undefined;
}

function isEmpty(cursor: Cursor): boolean {
  return cursor.isNull() || (cursor.node.type === "map" && cursor.node.entries.size === 0);
}
