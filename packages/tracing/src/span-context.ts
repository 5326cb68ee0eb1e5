import type { TraceContext } from "@enmesh/core";
import { createTraceState, type SpanContext, TraceFlags } from "@opentelemetry/api";
import { LocalTrace } from "./local-trace.ts";

/** OpenTelemetry's form of a trace context. */
export function toSpanContext(
  { traceId, spanId, isSampled, traceState }: TraceContext,
  isRemote: boolean,
): SpanContext {
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  if (traceState === undefined) return { traceId, spanId, traceFlags, isRemote };
  return { traceId, spanId, traceFlags, isRemote, traceState: createTraceState(traceState) };
}

/** Our form of a span's context. */
export function toLocalTrace({ traceId, spanId, traceFlags, traceState }: SpanContext): LocalTrace {
  const state = traceState?.serialize();
  return new LocalTrace(traceId, spanId, (traceFlags & TraceFlags.SAMPLED) !== 0, state === "" ? undefined : state);
}
