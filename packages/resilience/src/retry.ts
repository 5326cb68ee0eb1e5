import {
  type Call,
  type Destination,
  type Duration,
  isSafeToRepeat,
  isWorthRepeating,
  type Outcome,
  type Repeat,
  type RoutedCall,
  type Runtime,
  Slot,
} from "@enmesh/core";
import { type Backoff, backoffMs, type Jitter } from "./backoff.ts";
import { OptionCheck, withDefaults } from "./options.ts";
import { isAskedFor } from "./retry-conditions.ts";
import { checkRetryBudget, RetryBudget, retryBudgetDefaults, type RetryBudgetOptions } from "./retry-budget.ts";

export interface RetryOptions {
  /** Tries in all, the first included: 1 to 10. @default 3 */
  readonly attempts?: number;
  /** The longest first wait. @default "50ms" */
  readonly initialBackoff?: Duration;
  /** The longest first wait after the upstream said that it has no room. @default "500ms" */
  readonly throttledBackoff?: Duration;
  /** No wait is longer. @default "2s" */
  readonly maxBackoff?: Duration;
  /** @default 2 */
  readonly backoffMultiplier?: number;
  /** @default "full" */
  readonly jitter?: Jitter;
  /** A `Retry-After` longer than this ends the call at once, with the hint on its error. @default "10s" */
  readonly maxRetryAfter?: Duration;
  /** Shared by all calls to one destination service; `false` for none. @default { ratio: 0.2, minRetriesPerSecond: 3, ttlMs: 10_000 } */
  readonly budget?: RetryBudgetOptions | false;
  /** Repeat also when this call was itself made for a repeated request. Off, so that retries do not multiply from tier to tier. @default false */
  readonly evenWhenRepeated?: boolean;
  /** Says whether to try again, on top of what is safe. @default whatever is transient or throttled */
  readonly when?: (attempt: { readonly call: Call; readonly outcome: Outcome }) => boolean;
}

export const retryDefaults: Required<RetryOptions> = Object.freeze({
  attempts: 3,
  initialBackoff: 50,
  throttledBackoff: 500,
  maxBackoff: 2_000,
  backoffMultiplier: 2,
  jitter: "full",
  maxRetryAfter: 10_000,
  budget: retryBudgetDefaults,
  evenWhenRepeated: false,
  when: () => true,
});

/** Attempts that found nobody listening are not counted while there are other endpoints to try, up to this many per call. */
const maxUncounted = 5;

/**
 * Repeats what failed, when that is worth it and safe: with jittered backoff, within a budget shared by all calls to the
 * service, never what may have run and is not idempotent, and not below a caller that already repeats (gRFC A6 and
 * Kitex's chain stop). An attempt that found nobody listening is repeated at once and not counted (gRFC A6, transparent retry).
 *
 * @example
 * ```ts
 * import { scripted, simulate } from "@enmesh/core/simulation";
 * import { retry } from "@enmesh/resilience";
 *
 * const world = simulate(scripted([503, 200]));
 * const run = world.through(retry({}, world.runtime)).one();
 * console.log(run.status, run.sent); // 200 2
 * ```
 */
export function retry(options: RetryOptions, runtime: Runtime): Repeat<RoutedCall> {
  const settings = checkRetry(options);
  const budgets = new Map<string, RetryBudget>();
  const budgetSlot = new Slot<RetryBudget>("place");
  /** The wait before, which decorrelated jitter grows from. */
  const waited = new Slot<number>("call");

  /** Versions of one service share what a service can bear. */
  const budgetOf = (destination: Destination): RetryBudget | undefined => {
    if (settings.budget === undefined) return undefined;
    const kept = budgetSlot.get(destination);
    if (kept !== undefined) return kept;
    const shared = budgets.get(destination.service) ?? new RetryBudget(settings.budget, runtime.clock);
    budgets.set(destination.service, shared);
    budgetSlot.set(destination, shared);
    return shared;
  };

  const again = (call: RoutedCall, outcome: Outcome): number | undefined => {
    const plan = call.plan.retry;
    const maxAttempts = plan?.maxAttempts ?? settings.attempts;
    if (maxAttempts <= 1 || !isSafeToRepeat(call, outcome) || !isWanted(call, outcome)) return undefined;

    const uncounted = countUncounted(call);
    if (outcome.cause === "connect" && uncounted < uncountedLimit(call)) return report(call, outcome, 0);
    // What reached nobody multiplies nothing; anything else below a caller that repeats would.
    if (!settings.evenWhenRepeated && (call.context?.attempt ?? 1) > 1) return undefined;
    const counted = call.attempt - uncounted;
    if (counted >= maxAttempts) return undefined;

    const waitMs = waitFor(call, outcome, counted - 1);
    if (waitMs === undefined || runtime.clock.now() + waitMs >= call.deadlineAt) return undefined;
    if (budgetOf(call.destination)?.withdraw() === false) {
      call.retryBudgetExhausted = true;
      runtime.events.report({ type: "retry.budget_exhausted", destination: call.destination.name });
      return undefined;
    }
    return report(call, outcome, waitMs);
  };

  const isWanted = (call: RoutedCall, outcome: Outcome): boolean => {
    const plan = call.plan.retry;
    if (plan !== undefined) return isAskedFor(plan, call, outcome);
    return isWorthRepeating(call, outcome) && settings.when({ call, outcome });
  };

  const waitFor = (call: RoutedCall, outcome: Outcome, retries: number): number | undefined => {
    const backoff = outcome.kind === "throttled" ? settings.throttled : settings.backoff;
    const own = backoffMs(backoff, retries, runtime.random, waited.get(call));
    waited.set(call, own);
    if (outcome.retryAfterMs === undefined) return own;
    if (outcome.retryAfterMs > settings.maxRetryAfterMs) return undefined;
    return Math.max(own, outcome.retryAfterMs * (1 + 0.1 * runtime.random()));
  };

  const report = (call: RoutedCall, outcome: Outcome, waitMs: number): number => {
    if (runtime.events.isHeard) {
      runtime.events.report({
        type: "retry.attempt",
        destination: call.destination.name,
        attempt: call.attempt,
        kind: outcome.kind,
        cause: outcome.cause,
        status: outcome.status,
        waitMs,
      });
    }
    return waitMs;
  };

  return { name: "retry", begin: (call) => budgetOf(call.destination)?.deposit(call.startedAt), again };
}

function countUncounted(call: Call): number {
  let count = 0;
  for (const failure of call.failures) if (failure.cause === "connect") count += 1;
  return Math.min(count, uncountedLimit(call));
}

function uncountedLimit(call: Call): number {
  return Math.max(0, Math.min(maxUncounted, (call.destination?.snapshot.endpoints.length ?? 0) - 1));
}

interface RetrySettings {
  readonly attempts: number;
  readonly backoff: Backoff;
  readonly throttled: Backoff;
  readonly maxRetryAfterMs: number;
  readonly budget: RetryBudgetOptions | undefined;
  readonly evenWhenRepeated: boolean;
  readonly when: (attempt: { readonly call: Call; readonly outcome: Outcome }) => boolean;
}

function checkRetry(options: RetryOptions): RetrySettings {
  const merged = withDefaults(options, retryDefaults);
  const check = new OptionCheck("retry", options, retryDefaults);
  check.count("attempts", merged.attempts, 1, 10);
  check.number("backoffMultiplier", merged.backoffMultiplier, 1, 10);
  check.rule(
    ["full", "equal", "decorrelated", "none"].includes(merged.jitter),
    "jitter",
    `must be full, equal, decorrelated or none, got ${merged.jitter}`,
  );
  const shape = {
    maxMs: check.duration("maxBackoff", merged.maxBackoff),
    multiplier: merged.backoffMultiplier,
    jitter: merged.jitter,
  };
  const settings = {
    attempts: merged.attempts,
    backoff: { baseMs: check.duration("initialBackoff", merged.initialBackoff), ...shape },
    throttled: { baseMs: check.duration("throttledBackoff", merged.throttledBackoff), ...shape },
    maxRetryAfterMs: check.duration("maxRetryAfter", merged.maxRetryAfter),
    budget: merged.budget === false ? undefined : merged.budget,
    evenWhenRepeated: merged.evenWhenRepeated,
    when: merged.when,
  };
  check.done();
  if (settings.budget !== undefined) checkRetryBudget(settings.budget);
  return settings;
}
