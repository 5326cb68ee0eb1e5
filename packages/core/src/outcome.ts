import type { Refusal } from "./policy.ts";

/**
 * What an outcome means, for every policy alike.
 * - `success`: an answer below 400.
 * - `clientError`: an answer that blames the caller. The upstream is healthy.
 * - `throttled`: the upstream, or a policy of ours, had no room.
 * - `transient`: the upstream failed or did not answer; another try may help.
 * - `fatal`: failed, and another try cannot help.
 * - `ignorable`: the caller went away. It says nothing about anybody.
 */
export type OutcomeKind = "success" | "clientError" | "throttled" | "transient" | "fatal" | "ignorable";

/** What made an attempt fail, where there was no usable answer. */
export type FailureCause =
  | "refused" // a policy of ours said no
  | "connect" // no connection: nothing was sent
  | "reset" // the connection broke after the request left
  | "attempt-timeout"
  | "deadline"
  | "cancelled"
  | "body" // the answer began, then broke
  | "error"; // anything else: a bad request, a thrown function

/** How an attempt, and in the end the call, turned out. A plain value; the same one for every policy. */
export interface Outcome {
  readonly kind: OutcomeKind;
  /** HTTP status, or 0 when no answer came. */
  readonly status: number;
  readonly cause: FailureCause | undefined;
  /** False when the request certainly never reached the application: it may be repeated whatever it was. */
  readonly mayHaveRun: boolean;
  /** How long the other side, or a policy, asked to stay away. */
  readonly retryAfterMs: number | undefined;
  /** Time from the start of the attempt to the answer's headers, or to the failure. */
  readonly elapsedMs: number;
  readonly error: Error | undefined;
  readonly refusal: Refusal | undefined;
}
