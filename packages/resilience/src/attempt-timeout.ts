import type { AttemptCall, Duration, Policy, Runtime } from "@enmesh/core";
import { OptionCheck, withDefaults } from "./options.ts";

export interface AttemptTimeoutOptions {
  /** How long one attempt may take to bring the headers of an answer. The body has until the call's deadline. @default "3s" */
  readonly timeout?: Duration;
}

export const attemptTimeoutDefaults: Required<AttemptTimeoutOptions> = Object.freeze({ timeout: 3_000 });

/**
 * Gives up on one attempt, so that another may be made elsewhere while the call still has time. A route's
 * `perTryTimeout` stands in its place; a route with a `timeout` but no `perTryTimeout` means the whole time for each attempt, as in Istio.
 */
export function attemptTimeout(options: AttemptTimeoutOptions, _runtime?: Runtime): Policy<AttemptCall> {
  const merged = withDefaults(options, attemptTimeoutDefaults);
  const check = new OptionCheck("attempt timeout", options, attemptTimeoutDefaults);
  const timeoutMs = check.duration("timeout", merged.timeout, 1);
  check.done();
  return {
    name: "attempt-timeout",
    admit: (call): undefined => {
      const { plan } = call;
      const ownMs = plan.retry?.perTryTimeoutMs ?? (plan.timeoutMs === undefined ? timeoutMs : undefined);
      if (ownMs === undefined) return;
      if (call.attemptStartedAt === undefined) throw new RangeError("attempt timeout: it stands after retry");
      call.attemptDeadlineAt = Math.min(call.attemptDeadlineAt, call.attemptStartedAt + ownMs);
    },
  };
}
