import type { InboundRecord, TraceContext } from "@enmesh/core";

/** A request header, by lower-case name. */
export type HeaderReader = (name: string) => string | undefined;

/** The trace of one inbound request. */
export interface InboundTrace {
  /** Where the request stands: give it to the request's context. */
  readonly trace: TraceContext;
  /** Runs the handler inside the request's span. */
  run<T>(handler: () => T): T;
  /** The request is answered, or broken off. */
  end(record: InboundRecord): void;
}

/** Starts the trace of an inbound request. */
export interface InboundTracing {
  start(header: HeaderReader, method: string, path: string): InboundTrace;
}
