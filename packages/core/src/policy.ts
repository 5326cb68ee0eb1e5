import type { AimedCall, AttemptCall, Call, RoutePlan } from "./call.ts";
import type { Destination, Endpoint } from "./endpoint.ts";
import type { MeshErrorCode } from "./errors.ts";
import type { Outcome } from "./outcome.ts";

/** A policy says no. A value, not an exception: build it once where it has no detail. */
export interface Refusal {
  readonly type: "refusal";
  readonly code: MeshErrorCode;
  /** What happened, to whom, and what to do. A function is asked only when somebody reads it. */
  readonly message: string | (() => string);
  /** True when another attempt, elsewhere or later, may be let through. */
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  /** The HTTP status that says the same to a caller behind a gateway. */
  readonly status: number;
  /** The original, when the refusal stands for something that was thrown. */
  readonly cause?: unknown;
}

/** A policy says later. The call goes on after a time, or when `begin`'s resume is called. */
export interface Wait {
  readonly type: "wait";
  /** Goes on after this time. */
  readonly forMs?: number;
  /** Starts waiting for a place. Call `resume` once: with nothing to go on, with a refusal to turn back. Returns what gives the place in the queue up. */
  readonly begin?: (resume: (refusal?: Refusal) => void) => () => void;
}

export interface RefusalOptions {
  readonly retryable?: boolean;
  readonly retryAfterMs?: number | undefined;
  readonly status?: number;
  readonly cause?: unknown;
}

/** Makes a refusal. */
export function refuse(code: MeshErrorCode, message: string | (() => string), options: RefusalOptions = {}): Refusal {
  return {
    type: "refusal",
    code,
    message,
    retryable: options.retryable ?? false,
    retryAfterMs: options.retryAfterMs,
    status: options.status ?? 503,
    cause: options.cause,
  };
}

/** The refusal that stands for a policy that threw: a bug in it, which must not leave the call hanging. */
export function policyFailed(name: string | undefined, error: unknown): Refusal {
  const message = `the policy "${name}" threw: ${error instanceof Error ? error.message : String(error)}; mend that policy`;
  return refuse("ENMESH_POLICY_FAILED", message, { status: 500, cause: error });
}

/** One policy of the pipeline. Its two steps are synchronous and touch nothing but the call and the policy's own state. */
export interface Policy<C extends Call = Call> {
  readonly name: string;
  /** The call arrives. Nothing returned: it goes on. A refusal: it turns back here. A wait: it goes on later. */
  readonly admit?: ((call: C) => Refusal | Wait | undefined) | undefined;
  /** The outcome comes back, in reverse order, to each policy that admitted it. */
  readonly settle?: ((call: C, outcome: Outcome) => void) | undefined;
}

/** What `route` finds: where the call goes, and by which rule. */
export interface Routing {
  readonly type: "routing";
  readonly destination: Destination;
  readonly plan: RoutePlan;
}

/** The first of the two steps that make a call more precise. */
export interface RouteStep {
  readonly name: string;
  readonly route: (call: Call) => Routing | Refusal | Wait;
}

/** The second one: picks the endpoint of one attempt. */
export interface BalanceStep {
  readonly name: string;
  readonly pick: (call: AttemptCall) => Endpoint | Refusal;
}

/** The one loop of the pipeline. */
export interface Repeat<C extends Call = Call> {
  readonly name: string;
  /** The call comes by for the first time. */
  readonly begin?: ((call: C) => void) | undefined;
  /** After an attempt that did not succeed: milliseconds until the next one, or undefined when it is over. */
  readonly again: (call: C, outcome: Outcome) => number | undefined;
}

export type AttemptPolicy = Policy<AimedCall>;
