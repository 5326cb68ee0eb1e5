import { Rejection } from "./exchange.ts";

/** How fresh an answer is asked to be. We have one node, so every answer is as fresh as can be; clients want it named. */
export type Consistency = "leader" | "stale" | "consistent";

export function consistencyOf(query: URLSearchParams): Consistency {
  if (query.size === 0) return "leader";
  const [isStale, isConsistent, isCached] = [query.has("stale"), query.has("consistent"), query.has("cached")];
  if (isStale && isConsistent) {
    throw new Rejection(400, "Cannot specify ?stale with ?consistent, conflicting semantics.");
  }
  if (isCached && isConsistent) {
    throw new Rejection(400, "Cannot specify ?cached with ?consistent, conflicting semantics.");
  }
  if (isStale) return "stale";
  return isConsistent ? "consistent" : "leader";
}
