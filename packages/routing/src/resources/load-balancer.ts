import { codes } from "../diagnostics/codes.ts";
import type { Reader } from "../schema/cursor.ts";
import { notYet } from "../schema/not-yet.ts";
import { excludes, object } from "../schema/object.ts";
import { oneOf } from "../schema/scalars.ts";

/** How the endpoint of an attempt is picked. */
export interface LoadBalancer {
  readonly simple: "LEAST_REQUEST" | "ROUND_ROBIN" | "RANDOM";
}

const asSimple = notYet("calls are spread as `simple` says");

const fields = object({
  simple: oneOf("LEAST_REQUEST", "ROUND_ROBIN", "RANDOM", "LEAST_CONN", "UNSPECIFIED", "PASSTHROUGH"),
  consistentHash: notYet("calls are spread, not bound to a key"),
  localityLbSetting: asSimple,
  zoneAwareLbSetting: asSimple,
  warmup: asSimple,
  warmupDurationSecs: asSimple,
});

export const readLoadBalancer: Reader<LoadBalancer> = (cursor) => {
  const read = fields(cursor);
  if (read === undefined) return undefined;
  excludes(cursor, ["simple", "consistentHash"]);
  const field = cursor.get("simple");
  if (read.simple === "LEAST_CONN") {
    field?.report("info", codes.legacyValue, "the old name of LEAST_REQUEST, read as that; write LEAST_REQUEST");
  }
  if (read.simple === "PASSTHROUGH") {
    field?.report(
      "warning",
      codes.notCarriedOut,
      "PASSTHROUGH is not carried out in this version: read as LEAST_REQUEST",
    );
  }
  const isPicker = read.simple === "ROUND_ROBIN" || read.simple === "RANDOM";
  return { simple: isPicker ? read.simple : "LEAST_REQUEST" };
};
