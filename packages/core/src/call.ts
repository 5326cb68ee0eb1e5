import type { Destination, Endpoint } from "./endpoint.ts";
import type { FailureCause, OutcomeKind } from "./outcome.ts";
import type { SlotHolder } from "./slot.ts";
import type { RequestContext } from "./context.ts";

/** What one failed attempt leaves behind, on the call and on its error. */
export interface AttemptRecord {
  /** 1 for the first. */
  readonly attempt: number;
  readonly endpoint: Endpoint | undefined;
  readonly kind: OutcomeKind;
  readonly status: number;
  readonly cause: FailureCause | undefined;
  readonly elapsedMs: number;
  readonly message: string | undefined;
}

/** A call as its maker meant it: to a service by name. Policies that need no more stand before `route`. */
export interface Call extends SlotHolder {
  /** The service as named by the caller: `orders`. */
  readonly service: string;
  readonly method: string;
  /** Path with query, as it goes out. */
  readonly path: string;
  /** A request header, by lower-case name. */
  header(name: string): string | undefined;
  /** True when running it twice does what running it once does. */
  readonly isIdempotent: boolean;
  /** True when its body can be sent again. */
  readonly isReplayable: boolean;
  /** On the monotonic clock. */
  readonly startedAt: number;
  /** When the outcome that policies are being told was known, on the monotonic clock: read once for all of them. */
  readonly settledAt: number;
  /** When the whole call must be over, on the monotonic clock; `Infinity` for never. A policy may only bring it nearer. */
  deadlineAt: number;
  /** The attempt under way: 0 before the first, then 1, 2, … */
  readonly attempt: number;
  /** The attempts that failed so far. */
  readonly failures: readonly AttemptRecord[];
  /** The request that this call is made for, when there is one. */
  readonly context: RequestContext | undefined;
  /** Known once the call is routed. */
  readonly destination: Destination | undefined;
  /** Known once it was routed by a rule. */
  readonly plan: RoutePlan | undefined;
  /** The endpoint of the attempt under way, or of the last one. */
  readonly endpoint: Endpoint | undefined;
  /** Set by the retry policy when it would have tried again but its budget was spent. */
  retryBudgetExhausted: boolean;
}

/** Which retries a route asks for. */
export interface RetryPlan {
  /** Tries in all, the first included. */
  readonly maxAttempts: number;
  readonly perTryTimeoutMs?: number | undefined;
  /** Istio's conditions (`connect-failure`, `5xx`, …) and status codes. Absent: the default of the retry policy. */
  readonly conditions?: ReadonlySet<string> | undefined;
  readonly statusCodes?: ReadonlySet<number> | undefined;
}

/** What a routing rule says about the calls it matches. Compiled once, shared by all of them. */
export interface RoutePlan {
  /** `canary/header-v2`: which rule this was, for logs and for people. */
  readonly name: string;
  /** Where the rule stands: `mesh/canary.yaml:12:7`. */
  readonly source?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly retry?: RetryPlan | undefined;
}

/** A call that knows where it goes: which destination and subset, by which rule. */
export interface RoutedCall extends Call {
  readonly destination: Destination;
  readonly plan: RoutePlan;
}

/** One attempt of a routed call: it has a time of its own, and no endpoint yet. */
export interface AttemptCall extends RoutedCall {
  /** When this attempt was started, on the monotonic clock. Time spent waiting for a place is not part of it. */
  readonly attemptStartedAt: number;
  /** When this attempt must have brought an answer's headers. A policy may only bring it nearer. */
  attemptDeadlineAt: number;
  /** Adds a header to this attempt alone; it replaces what the caller sent under that name. */
  addHeader(name: string, value: string): void;
}

/** One attempt that knows its endpoint. */
export interface AimedCall extends AttemptCall {
  readonly endpoint: Endpoint;
}
