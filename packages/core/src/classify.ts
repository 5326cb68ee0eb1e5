import type { Call } from "./call.ts";
import type { FailureCause, Outcome, OutcomeKind } from "./outcome.ts";
import type { Refusal } from "./policy.ts";

/**
 * What an HTTP status means. 408 and 5xx are transient, but 501 and 505 will not get better; 429, and 503 with a
 * shed marker or a `Retry-After`, are throttled; other 4xx blame the caller.
 */
export function classifyStatus(status: number, wasShed = false): OutcomeKind {
  if (status < 400) return "success";
  if (status === 429) return "throttled";
  if (status === 408) return "transient";
  if (status < 500) return "clientError";
  if (status === 503 && wasShed) return "throttled";
  if (status === 501 || status === 505) return "fatal";
  return "transient";
}

/** An answer came. */
export function answered(status: number, elapsedMs: number, retryAfterMs?: number, wasShed = false): Outcome {
  const kind = classifyStatus(status, wasShed || retryAfterMs !== undefined);
  return {
    kind,
    status,
    cause: undefined,
    mayHaveRun: !(wasShed || status === 429),
    retryAfterMs,
    elapsedMs,
    error: undefined,
    refusal: undefined,
  };
}

const kindOfCause: Readonly<Record<FailureCause, OutcomeKind>> = Object.freeze({
  refused: "fatal",
  connect: "transient",
  reset: "transient",
  "attempt-timeout": "transient",
  deadline: "fatal",
  cancelled: "ignorable",
  body: "transient",
  error: "fatal",
});

/** No answer came, or it broke off. */
export function failed(cause: FailureCause, error: Error, elapsedMs: number, status = 0): Outcome {
  return {
    kind: kindOfCause[cause],
    status,
    cause,
    mayHaveRun: cause !== "connect" && cause !== "refused",
    retryAfterMs: undefined,
    elapsedMs,
    error,
    refusal: undefined,
  };
}

/** A policy of ours said no. Nothing was sent. */
export function refused(refusal: Refusal, elapsedMs: number): Outcome {
  return {
    kind: refusal.retryable ? "throttled" : "fatal",
    status: 0,
    cause: "refused",
    mayHaveRun: false,
    retryAfterMs: refusal.retryAfterMs,
    elapsedMs,
    error: undefined,
    refusal,
  };
}

/**
 * Says whether another attempt makes sense and is safe: what never reached the application may always be repeated, what may
 * have run only when the call is idempotent, and nothing whose body cannot be sent again.
 */
export function isWorthRepeating(call: Call, outcome: Outcome): boolean {
  return (outcome.kind === "transient" || outcome.kind === "throttled") && isSafeToRepeat(call, outcome);
}

/** Says whether another attempt is safe, whether or not it makes sense. */
export function isSafeToRepeat(call: Call, outcome: Outcome): boolean {
  if (outcome.refusal !== undefined && !outcome.refusal.retryable) return false;
  if (!call.isReplayable) return false;
  return !outcome.mayHaveRun || call.isIdempotent;
}

/** A call that was given less time than this says nothing about whoever did not answer it in time. */
const patienceMs = 500;

/**
 * True when the endpoint itself is to blame: it was asked and failed to answer well, or used up the time of a call that had a fair amount of
 * it. A caller that hardly waits blames nobody.
 */
export function blamesEndpoint(outcome: Outcome): boolean {
  if (outcome.cause === "deadline") return outcome.mayHaveRun && outcome.elapsedMs >= patienceMs;
  return outcome.kind === "transient" && outcome.cause !== "refused";
}

const idempotentMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "QUERY"]);

/** True for the methods that RFC 9110 §9.2.2 calls idempotent (and QUERY). */
export function isIdempotentMethod(method: string): boolean {
  return idempotentMethods.has(method);
}

const seconds = /^-?\d+(\.\d+)?$/;
// `Date.parse` reads nearly anything ("error 5" is a day in May), so that only what begins like an HTTP date gets there.
const httpDate = /^(mon|tue|wed|thu|fri|sat|sun)[a-z]*,? /i;

/**
 * Reads a `Retry-After` value (RFC 9110 §10.2.3): seconds, also fractions, or a date. What lies in the past is 0, what
 * cannot be read is nothing; of several such headers the first one counts.
 */
export function parseRetryAfter(value: string | readonly string[] | undefined, wallNow: number): number | undefined {
  const text = (typeof value === "object" ? value[0] : value)?.trim();
  if (text === undefined) return undefined;
  if (seconds.test(text)) return Math.max(0, Number(text) * 1_000);
  if (!httpDate.test(text)) return undefined;
  // The oldest of the three forms (asctime) names no zone; all of them mean GMT.
  const at = Date.parse(/gmt$/i.test(text) ? text : `${text} GMT`);
  return Number.isNaN(at) ? undefined : Math.max(0, at - wallNow);
}
