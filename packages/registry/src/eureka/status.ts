import type { CheckStatus } from "../model/check.ts";
import type { EurekaRecord, EurekaStatus } from "../model/eureka.ts";
import { isEurekaStatus } from "../model/eureka.ts";

/** Reads a status; what Eureka does not know is `UNKNOWN`. */
export function readStatus(value: unknown): EurekaStatus {
  const text = typeof value === "string" ? value.toUpperCase() : "";
  return isEurekaStatus(text) ? text : "UNKNOWN";
}

/**
 * The status that counts for an instance. The first that applies: its own word that it cannot take calls; what an
 * operator wants; what it was until now (a client does not take itself out of, or back into, service); its own word.
 */
export function decideStatus(
  own: EurekaStatus,
  before: Pick<EurekaRecord, "status" | "overriddenStatus"> | undefined,
  isReplication: boolean,
): EurekaStatus {
  if (!isServing(own)) return own;
  if (before === undefined) return own;
  if (before.overriddenStatus !== "UNKNOWN") return before.overriddenStatus;
  return !isReplication && isServing(before.status) ? before.status : own;
}

/** What the check of an instance says in Consul's terms. Its output is the status itself, which tells the rest apart. */
export function checkStatusOf(status: EurekaStatus): CheckStatus {
  return status === "UP" ? "passing" : "critical";
}

function isServing(status: EurekaStatus): boolean {
  return status === "UP" || status === "OUT_OF_SERVICE";
}
