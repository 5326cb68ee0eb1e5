import type { DiagnosticCode } from "./codes.ts";

/** `error` keeps the whole set from being applied; `warning` will surprise somebody; `info` is good to know. */
export type Severity = "error" | "warning" | "info";

/** A place in a file, as people name it: both numbers start at 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing the loader has to say about a file: where, what was wrong, what is allowed, how to mend it. */
export interface Diagnostic extends Position {
  readonly severity: Severity;
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly file: string;
  /** The field inside its document: `spec.http[0].route[1].weight`. */
  readonly path: string;
  /** `VirtualService/orders`; empty where the resource is not known. */
  readonly resource: string;
  /** The line of the file, for the eye. Long lines are cut around the column. */
  readonly excerpt: string;
  /** Where in `excerpt` the column stands, from 0. */
  readonly caret: number;
}

/** True when nothing stands in the way of applying. */
export function isClean(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.every(({ severity }) => severity !== "error");
}
