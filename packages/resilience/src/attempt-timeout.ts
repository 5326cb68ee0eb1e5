import type { AttemptCall, Duration, Policy } from "@enmesh/core";
import { OptionCheck, withDefaults } from "./options.ts";

export interface AttemptTimeoutOptions {
  /** How long one attempt may take to bring the headers of an answer. The body has until the call's deadline. @default "3s" */
  readonly timeout?: Duration;
}

export const attemptTimeoutDefaults: Required<AttemptTimeoutOptions> = Object.freeze({ timeout: 3_000 });

/**
 * Gives up on one attempt, so that another may be made elsewhere while the call still has time: where a call that may be
 * repeated has less than twice `timeout` left, an attempt gets half of it, but not less than a second. A route's
 * `perTryTimeout` stands in its place; a route with a `timeout` but no `perTryTimeout` means the whole time for each attempt, as in Istio.
 */
export function attemptTimeout(options: AttemptTimeoutOptions): Policy<AttemptCall> {
  const merged = withDefaults(options, attemptTimeoutDefaults);
  const check = new OptionCheck("attempt timeout", options, attemptTimeoutDefaults);
  const timeoutMs = check.duration("timeout", merged.timeout, 1);
  check.done();
  return {
    name: "attempt-timeout",
    admit: (call): undefined => {
      const { plan } = call;
      if (call.attemptStartedAt === undefined) throw new RangeError("attempt timeout: it stands after retry");
      const ruledMs = plan.retry?.perTryTimeoutMs;
      const ownMs = ruledMs ?? (plan.timeoutMs === undefined ? timeoutFor(call, timeoutMs) : undefined);
      if (ownMs === undefined) return;
      call.attemptDeadlineAt = Math.min(call.attemptDeadlineAt, call.attemptStartedAt + ownMs);
    },
  };
}

/** Below this, half of the time that is left would be too little for a slow but healthy answer. */
const leastShareMs = 1_000;

function timeoutFor(call: AttemptCall, timeoutMs: number): number {
  if (!call.isIdempotent) return timeoutMs;
  const shareMs = (call.deadlineAt - call.attemptStartedAt) / 2;
  return Math.min(timeoutMs, Math.max(shareMs, leastShareMs));
}
