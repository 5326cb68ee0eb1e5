import type { InboundRecord, Outcome } from "@enmesh/core";

/** The levels that access logs use. */
export type AccessLevel = "info" | "warn" | "error";

/** Fine, or the caller's own doing: info. What may pass, and what we refused: warn. What will not get better: error. */
export function levelOfOutcome({ kind, refusal, cause }: Outcome): AccessLevel {
  if (kind === "success" || kind === "clientError" || kind === "ignorable") return "info";
  if (kind === "fatal" && refusal === undefined && cause !== "deadline") return "error";
  return "warn";
}

export function levelOfRecord({ status, refusedWith }: InboundRecord): AccessLevel {
  if (status < 500) return "info";
  return refusedWith === undefined ? "error" : "warn";
}

/** A slow success is worth a warning. */
export function atLeastWarn(level: AccessLevel, isSlow: boolean): AccessLevel {
  return isSlow && level === "info" ? "warn" : level;
}
