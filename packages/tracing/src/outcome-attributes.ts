import { MeshError, type Outcome } from "@enmesh/core";
import { type Span, SpanStatusCode } from "@opentelemetry/api";

/** `error.type`: the status when there was an answer, else the code of what went wrong. Undefined for a good outcome. */
function errorTypeOf({ status, refusal, error, cause }: Outcome): string | undefined {
  if (refusal !== undefined) return refusal.code;
  if (cause !== undefined) return error instanceof MeshError ? error.code : cause;
  return status >= 400 ? String(status) : undefined;
}

/** Writes on a span how it ended, and ends it. Messages stay out: they may quote what the caller sent. */
export function endSpan(span: Span, outcome: Outcome): void {
  if (outcome.status > 0) span.setAttribute("http.response.status_code", outcome.status);
  const errorType = errorTypeOf(outcome);
  if (errorType !== undefined) {
    span.setAttribute("error.type", errorType);
    if (outcome.kind !== "ignorable") span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
