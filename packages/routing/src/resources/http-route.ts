import type { RetryPlan } from "@enmesh/core";

import { codes } from "../diagnostics/codes.ts";
import type { Cursor, Reader, Source } from "../schema/cursor.ts";
import { carriedOnly, notYet } from "../schema/not-yet.ts";
import { excludes, list, object } from "../schema/object.ts";
import { duration, integer, port, text, word } from "../schema/scalars.ts";
import { type HttpFault, readFault } from "./fault.ts";
import { destinationHost } from "./host.ts";
import { type HttpMatch, readHttpMatch } from "./http-match.ts";
import { readRetries } from "./retries.ts";

/** One share of a route's calls. */
export interface RouteDestination {
  readonly source: Source;
  readonly service: string;
  readonly subset?: string;
  /** Against the others' sum, which need not be 100. */
  readonly weight: number;
}

/** One entry of `spec.http`: which calls, and where they go. */
export interface HttpRoute {
  readonly source: Source;
  readonly name?: string;
  /** One of them must hold; none at all means every call. */
  readonly match: readonly HttpMatch[];
  /** Empty when something answers instead of a service (`insteadOfRoute`). */
  readonly destinations: readonly RouteDestination[];
  readonly insteadOfRoute?: string;
  readonly timeoutMs?: number;
  readonly retry?: RetryPlan;
  /** Kept, and not carried out yet. */
  readonly fault?: HttpFault;
}

const answers = ["redirect", "directResponse", "delegate"] as const;
const refused = notYet("calls that match this route are refused");
const noMirror = notYet("nothing is mirrored");

const targetFields = object({ host: destinationHost, subset: word, port: object({ number: port }) }, ["host"]);

const destinationFields = object(
  { destination: targetFields, weight: integer(0), headers: notYet("headers stay as they are") },
  ["destination"],
);

const readDestination: Reader<RouteDestination> = (cursor) => {
  const read = destinationFields(cursor);
  if (read === undefined) return undefined;
  const { destination, weight = 0 } = read;
  if (destination.port !== undefined) {
    const message = "changes nothing: an instance is called at the port it registered";
    cursor.get("destination")?.get("port")?.reportKey("info", codes.noEffect, message);
  }
  const { host: service, subset } = destination;
  return { source: cursor.source(), service, weight, ...(subset === undefined ? {} : { subset }) };
};

const fields = object({
  name: text,
  match: list(readHttpMatch),
  route: list(readDestination),
  timeout: duration,
  retries: readRetries,
  fault: carriedOnly(readFault, "nothing is delayed or aborted"),
  redirect: refused,
  directResponse: refused,
  delegate: refused,
  rewrite: notYet("the path goes out as it came"),
  headers: notYet("headers stay as they are"),
  corsPolicy: notYet("no CORS header is set"),
  mirror: noMirror,
  mirrors: noMirror,
  mirrorPercentage: noMirror,
  mirrorPercent: noMirror,
});

export const readHttpRoute: Reader<HttpRoute> = (cursor) => {
  const read = fields(cursor);
  if (read === undefined) return undefined;
  const { match = [], route = [], timeout, retries, fault, name } = read;
  const insteadOfRoute = answers.find((each) => cursor.get(each) !== undefined);
  checkExclusive(cursor);
  checkWeights(cursor, route);
  return {
    source: cursor.source(),
    match,
    destinations: shares(route),
    ...(name === undefined || name === "" ? {} : { name }),
    ...(insteadOfRoute === undefined ? {} : { insteadOfRoute }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    ...(retries === undefined ? {} : { retry: retries }),
    ...(fault === undefined ? {} : { fault }),
  };
};

function checkExclusive(cursor: Cursor): void {
  const isExclusive = excludes(cursor, ["route", ...answers]);
  if (!isExclusive && cursor.get("redirect") !== undefined) {
    excludes(cursor, ["redirect", "fault"]);
    excludes(cursor, ["redirect", "rewrite"]);
  }
  if (cursor.get("directResponse") !== undefined) excludes(cursor, ["directResponse", "fault"]);
  excludes(cursor, ["mirror", "mirrors"]);
}

function checkWeights(cursor: Cursor, route: readonly RouteDestination[]): void {
  const field = cursor.get("route");
  const isAnswered = answers.some((each) => cursor.get(each) !== undefined);
  if (isAnswered) return;
  if (field === undefined || (field.node.type === "list" && field.node.items.length === 0)) {
    cursor.report("error", codes.missingField, '"route" is required here and missing: say where the calls go');
  }
  const isSplit = field?.node.type === "list" && field.node.items.length > 1;
  if (!isSplit || route.length !== field.node.items.length) return;
  if (route.every(({ weight }) => weight === 0)) {
    field.report(
      "error",
      codes.wrongValue,
      "the weights add up to 0, nothing would be called; give one a weight above 0",
    );
  }
}

/** A single destination takes everything, whatever its weight; of several, those without weight take nothing. */
function shares(route: readonly RouteDestination[]): readonly RouteDestination[] {
  const [only] = route;
  if (only !== undefined && route.length === 1) return [{ ...only, weight: 1 }];
  return route.filter(({ weight }) => weight > 0);
}
