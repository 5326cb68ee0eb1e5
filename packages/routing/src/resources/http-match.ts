import { codes } from "../diagnostics/codes.ts";
import type { Cursor, Reader } from "../schema/cursor.ts";
import { notYet } from "../schema/not-yet.ts";
import { list, mapOf, object } from "../schema/object.ts";
import { flag, text } from "../schema/scalars.ts";
import { headerMatches, type NamedMatch, queryMatches, type StringMatch, stringMatch } from "./string-match.ts";

/** One entry of `match`: everything in it must hold. */
export interface HttpMatch {
  readonly name?: string;
  readonly uri?: StringMatch;
  readonly ignoreUriCase?: boolean;
  readonly method?: StringMatch;
  readonly headers: readonly NamedMatch[];
  readonly withoutHeaders: readonly NamedMatch[];
  readonly queryParams: readonly NamedMatch[];
  /** Selectors: they are decided when the table is made, not per call. */
  readonly gateways?: readonly string[];
  readonly sourceLabels?: readonly (readonly [string, string])[];
  readonly sourceNamespace?: string;
  /** False when it has a condition that this version cannot judge: then it never holds, rather than too often. */
  readonly isJudged: boolean;
}

const unjudged = ["scheme", "authority", "port"] as const;
const never = notYet("this match never holds");

const fields = object({
  name: text,
  statPrefix: text,
  uri: stringMatch,
  ignoreUriCase: flag,
  method: stringMatch,
  headers: headerMatches,
  withoutHeaders: headerMatches,
  queryParams: queryMatches,
  gateways: list(text),
  sourceLabels: mapOf(text),
  sourceNamespace: text,
  scheme: never,
  authority: never,
  port: never,
});

export const readHttpMatch: Reader<HttpMatch> = (cursor) => {
  const read = fields(cursor);
  if (read === undefined) return undefined;
  if (cursor.node.type === "map" && cursor.node.entries.size === 0) {
    cursor.report("error", codes.wrongValue, "an empty match would hold for every call; leave match out to say so");
  }
  const isJudged = unjudged.every((name) => isAbsent(cursor.get(name))) && hasNoClaims(cursor.get("headers"));
  const { headers = [], withoutHeaders = [], queryParams = [], statPrefix: _, ...rest } = read;
  return { ...rest, headers, withoutHeaders, queryParams, isJudged };
};

function isAbsent(cursor: Cursor | undefined): boolean {
  return cursor === undefined || cursor.isNull();
}

/** Istio matches verified claims of a token as if they were headers, at gateways only. */
function hasNoClaims(headers: Cursor | undefined): boolean {
  const names = headers?.node.type === "map" ? [...headers.node.entries.keys()] : [];
  const claims = names.filter((name) => name.startsWith("@"));
  for (const claim of claims) {
    headers
      ?.get(claim)
      ?.reportKey(
        "warning",
        codes.notCarriedOut,
        `"${claim}" is not carried out in this version: this match never holds`,
      );
  }
  return claims.length === 0;
}
