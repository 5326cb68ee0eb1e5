import type { Call } from "./call.ts";
import { MeshError, type MeshErrorCode } from "./errors.ts";
import type { FailureCause, Outcome } from "./outcome.ts";

const codeOfCause: Readonly<Record<FailureCause, MeshErrorCode>> = Object.freeze({
  refused: "ENMESH_UPSTREAM_FAILED",
  connect: "ENMESH_CONNECT_FAILED",
  reset: "ENMESH_CONNECTION_LOST",
  "attempt-timeout": "ENMESH_ATTEMPT_TIMEOUT",
  deadline: "ENMESH_DEADLINE_EXCEEDED",
  cancelled: "ENMESH_CANCELLED",
  body: "ENMESH_CONNECTION_LOST",
  error: "ENMESH_UPSTREAM_FAILED",
});

/** The error that a call without an answer ends with: its code, what happened, and every attempt that was made. */
export function errorOf(call: Call, outcome: Outcome): MeshError {
  const destination = call.destination?.name ?? call.service;
  const details = {
    destination,
    attempts: call.failures,
    retryAfterMs: outcome.retryAfterMs,
    retryBudgetExhausted: call.retryBudgetExhausted,
  };
  const { refusal, error } = outcome;
  if (refusal !== undefined) {
    const message = typeof refusal.message === "string" ? refusal.message : refusal.message();
    return new MeshError(refusal.code, message, { ...details, cause: refusal.cause });
  }
  const code = codeOfCause[outcome.cause ?? "error"];
  if (error instanceof MeshError)
    return new MeshError(error.code, error.message.slice(error.code.length + 2), { ...details, cause: error.cause });
  const where = call.endpoint === undefined ? "" : ` at ${call.endpoint.origin}`;
  const budget = call.retryBudgetExhausted ? "; the retry budget was spent" : "";
  const tries = call.attempt > 1 ? ` after ${call.attempt} attempts` : "";
  return new MeshError(
    code,
    `the call to "${destination}"${where} failed${tries}: ${error?.message ?? `status ${outcome.status}`}${budget}`,
    { ...details, cause: error },
  );
}
