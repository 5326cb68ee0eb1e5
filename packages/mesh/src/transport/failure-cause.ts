import { Readable } from "node:stream";
import type { FailureCause } from "@enmesh/core";

/** How far an attempt had come when its transport failed. */
export interface Progress {
  /** undici tells a handler that its request starts right before writing it: an error before that means that nothing was sent. */
  readonly wasStarted: boolean;
  /** The answer's headers were handed on. */
  readonly hasAnswer: boolean;
  /** The body that was being sent. */
  readonly body: unknown;
}

/** What undici says about a request that it will not write. */
const unsendableCodes: ReadonlySet<string> = new Set([
  "UND_ERR_INVALID_ARG",
  "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH",
  "UND_ERR_NOT_SUPPORTED",
]);

/** What a transport error says. `"error"` blames the request itself, and so its caller: no endpoint has done anything wrong. */
export function causeOf(error: Error, { wasStarted, hasAnswer, body }: Progress): FailureCause {
  if (hasAnswer) return "body";
  const { code } = error as NodeJS.ErrnoException;
  if (unsendableCodes.has(code ?? "") || error instanceof TypeError || isErrorOf(body, error)) return "error";
  // Never by the code of a connection's error: one that was established fails with EHOSTUNREACH, too, and then the request may have run.
  if (!wasStarted) return "connect";
  // All of them carry one: what carries none was thrown by the caller's own code, such as a generator that gives the body.
  return code === undefined ? "error" : "reset";
}

function isErrorOf(body: unknown, error: Error): boolean {
  return body instanceof Readable && body.errored === error;
}
