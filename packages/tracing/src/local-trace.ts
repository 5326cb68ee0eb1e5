import type { TraceContext } from "@enmesh/core";
import { serializeTraceParent } from "./trace-parent.ts";

/** A place in a trace whose `traceparent` is written once, however many calls carry it. */
export class LocalTrace implements TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
  readonly traceState: string | undefined;
  #traceParent: string | undefined;

  constructor(
    traceId: string,
    spanId: string,
    isSampled: boolean,
    traceState: string | undefined,
    traceParent?: string,
  ) {
    this.traceId = traceId;
    this.spanId = spanId;
    this.isSampled = isSampled;
    this.traceState = traceState;
    this.#traceParent = traceParent;
  }

  /** A new trace, from its whole `traceparent`. */
  static root(traceParent: string): LocalTrace {
    return new LocalTrace(traceParent.slice(3, 35), traceParent.slice(36, 52), false, undefined, traceParent);
  }

  static from(trace: TraceContext): LocalTrace {
    return trace instanceof LocalTrace
      ? trace
      : new LocalTrace(trace.traceId, trace.spanId, trace.isSampled, trace.traceState);
  }

  get traceParent(): string {
    return (this.#traceParent ??= serializeTraceParent(this));
  }
}
