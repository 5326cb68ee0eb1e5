import { STATUS_CODES } from "node:http";

import type { RetryPlan } from "@enmesh/core";

import { codes } from "../diagnostics/codes.ts";
import type { Cursor, Reader } from "../schema/cursor.ts";
import { didYouMean } from "../schema/did-you-mean.ts";
import { notYet } from "../schema/not-yet.ts";
import { object } from "../schema/object.ts";
import { duration, flag, integer, text } from "../schema/scalars.ts";

/** What Istio retries on when a rule does not say: no 503 among it, whatever older tutorials tell. */
const defaultConditions = ["connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes"];

const knownConditions: ReadonlySet<string> = new Set(
  [
    "5xx gateway-error reset reset-before-request connect-failure envoy-ratelimited retriable-4xx refused-stream",
    "retriable-status-codes retriable-headers http3-post-connect-failure",
    "cancelled deadline-exceeded internal resource-exhausted unavailable",
  ].flatMap((line) => line.split(" ")),
);
const coverTimeouts = ["5xx", "gateway-error", "reset"];

const fields = object({
  attempts: integer(0),
  perTryTimeout: duration,
  retryOn: text,
  // Our balancer never picks an endpoint again that this call has already tried.
  retryIgnorePreviousHosts: flag,
  retryRemoteLocalities: notYet("retries stay where the balancer sends them"),
  backoff: notYet("retries wait as the retry policy says"),
});

/** `retries`: `attempts` counts those after the first. */
export const readRetries: Reader<RetryPlan> = (cursor) => {
  const read = fields(cursor);
  if (read === undefined) return undefined;
  const { attempts = 0, perTryTimeout: perTryTimeoutMs } = read;
  const on = conditionsOf(cursor.get("retryOn") ?? cursor.get("retry_on"), read.retryOn);
  if (attempts === 0) {
    const useless = cursor.get("perTryTimeout") ?? cursor.get("retryOn");
    useless?.reportKey("error", codes.exclusiveFields, "has no meaning without attempts; set attempts to 1 or more");
    return { maxAttempts: 1 };
  }
  if (perTryTimeoutMs !== undefined && !coverTimeouts.some((each) => on.conditions.has(each))) {
    const field = cursor.get("perTryTimeout") ?? cursor;
    const message =
      "an attempt that runs into it is not retried; add reset, 5xx or gateway-error to retryOn if it shall be";
    field.reportKey("warning", codes.timeoutNotRetried, message);
  }
  return { maxAttempts: attempts + 1, ...(perTryTimeoutMs === undefined ? {} : { perTryTimeoutMs }), ...on };
};

function conditionsOf(
  cursor: Cursor | undefined,
  retryOn: string | undefined,
): { conditions: ReadonlySet<string>; statusCodes: ReadonlySet<number> } {
  const conditions = new Set<string>();
  const statusCodes = new Set<number>();
  const tokens = (retryOn ?? "").split(",").map((token) => token.trim());
  for (const token of tokens.filter((each) => each !== "")) {
    if (STATUS_CODES[token] !== undefined) statusCodes.add(Number(token));
    else if (knownConditions.has(token)) conditions.add(token);
    else cursor?.report("error", codes.wrongValue, unknownCondition(token));
  }
  if (statusCodes.size > 0) conditions.add("retriable-status-codes");
  return { conditions: conditions.size > 0 ? conditions : new Set(defaultConditions), statusCodes };
}

function unknownCondition(token: string): string {
  const hint = didYouMean(token, knownConditions) || ` Allowed: status codes and ${[...knownConditions].join(", ")}`;
  return `${JSON.stringify(token.slice(0, 60))} is nothing to retry on.${hint}`;
}
