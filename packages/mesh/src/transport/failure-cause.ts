import type { FailureCause } from "@enmesh/core";

const connectCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_CLOSED",
  "UND_ERR_DESTROYED",
]);
const badRequestCodes: ReadonlySet<string> = new Set(["UND_ERR_INVALID_ARG", "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH", "UND_ERR_NOT_SUPPORTED"]);

/**
 * What a transport error says. undici tells a handler that its request starts right before writing it, so an error before that means
 * that nothing was sent.
 */
export function causeOf(error: Error, wasStarted: boolean, hasAnswer: boolean): FailureCause {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (hasAnswer) return "body";
  if (badRequestCodes.has(code) || error instanceof TypeError) return "error";
  return wasStarted && !connectCodes.has(code) ? "reset" : "connect";
}
