import { codes } from "../diagnostics/codes.ts";
import type { Cursor, Reader } from "../schema/cursor.ts";
import { notYet } from "../schema/not-yet.ts";
import { object } from "../schema/object.ts";
import { duration, flag, integer } from "../schema/scalars.ts";

/** When an endpoint is left out for a while. What a rule does not say has Istio's value. */
export interface OutlierDetection {
  /** Answers of 5xx in a row, and failures to connect. 0: they do not count. */
  readonly consecutive5xxErrors: number;
  /** 502, 503 and 504 in a row. Undefined or 0: they do not count by themselves. */
  readonly consecutiveGatewayErrors: number | undefined;
  readonly splitExternalLocalOriginErrors: boolean;
  readonly consecutiveLocalOriginFailures: number;
  readonly intervalMs: number;
  readonly baseEjectionTimeMs: number;
  /** Strict: one more endpoint is left out only when that stays within this share. */
  readonly maxEjectionPercent: number;
  readonly minHealthPercent: number;
}

const percent = integer(0, 100);

const fields = object({
  consecutive5xxErrors: integer(0),
  consecutiveGatewayErrors: integer(0),
  consecutiveErrors: integer(0),
  splitExternalLocalOriginErrors: flag,
  consecutiveLocalOriginFailures: integer(0),
  interval: duration,
  baseEjectionTime: duration,
  maxEjectionPercent: percent,
  minHealthPercent: percent,
  outlierDetectionHttpErrorCodes: notYet("5xx counts as failure"),
});

export const readOutlierDetection: Reader<OutlierDetection> = (cursor) => {
  const read = fields(cursor);
  if (read === undefined) return undefined;
  const legacy = read.consecutiveErrors;
  if (legacy !== undefined) {
    const message = `legacy, and ignored by Istio today; read as consecutiveGatewayErrors (502, 503, 504), which it used to mean; write that`;
    cursor.get("consecutiveErrors")?.reportKey("warning", codes.legacyField, message);
  }
  const value: OutlierDetection = {
    consecutive5xxErrors: read.consecutive5xxErrors ?? 5,
    consecutiveGatewayErrors: read.consecutiveGatewayErrors ?? legacy,
    splitExternalLocalOriginErrors: read.splitExternalLocalOriginErrors ?? false,
    consecutiveLocalOriginFailures: read.consecutiveLocalOriginFailures ?? 5,
    intervalMs: read.interval ?? 10_000,
    baseEjectionTimeMs: read.baseEjectionTime ?? 30_000,
    maxEjectionPercent: read.maxEjectionPercent ?? 10,
    minHealthPercent: read.minHealthPercent ?? 0,
  };
  checkSense(cursor, value);
  return value;
};

function checkSense(cursor: Cursor, value: OutlierDetection): void {
  const { consecutive5xxErrors, consecutiveGatewayErrors, maxEjectionPercent } = value;
  const gateway = cursor.get("consecutiveGatewayErrors");
  const isLate = consecutiveGatewayErrors !== undefined && consecutiveGatewayErrors >= consecutive5xxErrors;
  if (isLate && consecutive5xxErrors > 0 && consecutiveGatewayErrors > 0) {
    const message = `has no effect: consecutive5xxErrors (${consecutive5xxErrors}) is reached first; give it a smaller number`;
    gateway?.reportKey("warning", codes.noEffect, message);
  }
  const local = cursor.get("consecutiveLocalOriginFailures");
  if (local !== undefined && !value.splitExternalLocalOriginErrors) {
    local.reportKey("error", codes.exclusiveFields, "needs splitExternalLocalOriginErrors: true");
  }
  const atLeast = Math.ceil(100 / maxEjectionPercent);
  if (atLeast <= 2) return;
  const share = `maxEjectionPercent ${maxEjectionPercent}${cursor.get("maxEjectionPercent") === undefined ? " (the default)" : ""}`;
  const never =
    maxEjectionPercent === 0 ? "nothing is ever ejected" : `nothing is ejected with fewer than ${atLeast} endpoints`;
  cursor.reportKey("info", codes.noEffect, `${share}: ${never}`);
}
