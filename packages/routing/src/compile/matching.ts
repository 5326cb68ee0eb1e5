import type { Call } from "@enmesh/core";

import type { HttpMatch } from "../resources/http-match.ts";
import type { HttpRoute } from "../resources/http-route.ts";
import type { NamedMatch } from "../resources/string-match.ts";
import { textTest } from "./string-matcher.ts";
import { pathTest } from "./path-test.ts";
import { queryValue } from "./query-value.ts";

/** One question to a call. `pathEnd` is where its path ends and its query begins. */
export type Condition = (call: Call, path: string, pathEnd: number) => boolean;

/** What an entry of `match` asks, or undefined when it holds for every call. */
export function conditionOf(match: HttpMatch): Condition | undefined {
  if (!match.isJudged) return () => false;
  const { uri, ignoreUriCase = false, method, headers, withoutHeaders, queryParams } = match;
  const conditions: Condition[] = [];
  // The cheapest and most telling questions first; they are all asked anyway.
  if (uri !== undefined) {
    const test = pathTest(uri, ignoreUriCase);
    conditions.push((_, path, pathEnd) => test(path, pathEnd));
  }
  if (method !== undefined) {
    const test = textTest(method);
    conditions.push((call) => test(call.method));
  }
  conditions.push(
    ...headers.map(headerCondition),
    ...withoutHeaders.map(withoutCondition),
    ...queryParams.map(queryCondition),
  );
  return all(conditions);
}

/** True for a route that takes every call that reaches it: nothing after it is ever reached. */
export function isCatchAll({ match }: HttpRoute): boolean {
  return match.length === 0 || match.some(isForEveryCall);
}

function isForEveryCall(match: HttpMatch): boolean {
  const { uri, method, headers, withoutHeaders, queryParams, gateways, sourceLabels, sourceNamespace, isJudged } =
    match;
  const isAnyPath =
    uri === undefined || (uri.type === "prefix" && uri.value === "/") || (uri.type === "regex" && uri.value === ".*");
  const isSelective = [gateways, sourceLabels, sourceNamespace, method].some((each) => each !== undefined);
  return isAnyPath && isJudged && !isSelective && headers.length + withoutHeaders.length + queryParams.length === 0;
}

function headerCondition([name, match]: NamedMatch): Condition {
  const test = textTest(match);
  return (call) => {
    const value = call.header(name);
    return value !== undefined && test(value);
  };
}

/** A missing header counts as an empty one, except where presence itself is the question. */
function withoutCondition([name, match]: NamedMatch): Condition {
  if (match.type === "present") return (call) => call.header(name) === undefined;
  const test = textTest(match);
  return (call) => !test(call.header(name) ?? "");
}

function queryCondition([name, match]: NamedMatch): Condition {
  const test = textTest(match);
  return (_, path, pathEnd) => {
    const value = queryValue(path, pathEnd, name);
    return value !== undefined && test(value);
  };
}

function all(conditions: readonly Condition[]): Condition | undefined {
  const [first, second] = conditions;
  if (first === undefined) return undefined;
  if (second === undefined) return first;
  if (conditions.length === 2)
    return (call, path, pathEnd) => first(call, path, pathEnd) && second(call, path, pathEnd);
  return (call, path, pathEnd) => {
    for (const condition of conditions) if (!condition(call, path, pathEnd)) return false;
    return true;
  };
}
