import type { RequestContext, TraceContext } from "@enmesh/core";

/** The names that OpenTelemetry gives to a trace in a log line. */
export interface TraceFields {
  trace_id?: string | undefined;
  span_id?: string | undefined;
  trace_flags?: string | undefined;
  request_id?: string | undefined;
}

/** The fields of a request. A new object each time: pino writes the line's own fields into it. */
export function traceFields(context: RequestContext | undefined): TraceFields {
  if (context === undefined) return {};
  return traceFieldsOf(context.trace, context.requestId);
}

/**
 * All four fields, also where nothing is known. A line that is written outside of its request's own code must name each of them, or the
 * logger would add those of whatever request happens to be current.
 */
export function traceFieldsOf(trace: TraceContext | undefined, requestId: string | undefined): TraceFields {
  return {
    trace_id: trace?.traceId,
    span_id: trace?.spanId,
    trace_flags: trace === undefined ? undefined : trace.isSampled ? "01" : "00",
    request_id: requestId,
  };
}
