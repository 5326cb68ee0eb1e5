import type { TraceContext } from "@enmesh/core";
import { serializeTraceParent } from "./trace-parent.ts";

/** A place in a trace whose `traceparent` is written once, however many calls carry it. */
export class LocalTrace implements TraceContext {
  readonly isSampled: boolean;
  readonly traceState: string | undefined;
  // Of a new trace only the whole text is known: its parts are cut out when somebody asks, and hardly anybody does.
  #traceId: string | undefined;
  #spanId: string | undefined;
  #traceParent: string | undefined;

  constructor(
    traceId: string | undefined,
    spanId: string | undefined,
    isSampled: boolean,
    traceState: string | undefined,
    traceParent?: string,
  ) {
    this.#traceId = traceId;
    this.#spanId = spanId;
    this.isSampled = isSampled;
    this.traceState = traceState;
    this.#traceParent = traceParent;
  }

  /** A new trace, from its whole `traceparent`. */
  static root(traceParent: string): LocalTrace {
    return new LocalTrace(undefined, undefined, false, undefined, traceParent);
  }

  static from(trace: TraceContext): LocalTrace {
    return trace instanceof LocalTrace
      ? trace
      : new LocalTrace(trace.traceId, trace.spanId, trace.isSampled, trace.traceState);
  }

  get traceId(): string {
    return (this.#traceId ??= (this.#traceParent as string).slice(3, 35));
  }

  get spanId(): string {
    return (this.#spanId ??= (this.#traceParent as string).slice(36, 52));
  }

  get traceParent(): string {
    return (this.#traceParent ??= serializeTraceParent(this));
  }
}
