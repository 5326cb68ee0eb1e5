import type { Call, Policy } from "@enmesh/core";
import {
  type Context,
  context,
  isSpanContextValid,
  type Span,
  type SpanContext,
  SpanKind,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import type { CallTraces } from "./call-trace.ts";
import { methodAttributes } from "./http-attributes.ts";
import { endSpan } from "./outcome-attributes.ts";
import { activeTracer, hasMoreToSend, isSuppressed } from "./sdk.ts";
import { toLocalTrace, toSpanContext } from "./span-context.ts";

/**
 * One span per call, around its attempts and the waits between them. Nothing without an SDK, and no span object where the
 * request that is being answered was not sampled: its calls pass its ids on.
 */
export function callSpan(traces: CallTraces): Policy<Call> {
  function passOn(call: Call, place: SpanContext, from: Context): void {
    // The request that is being answered has its header prepared.
    if (call.context?.trace?.spanId !== place.spanId) traces.keep(call, toLocalTrace(place));
    if (hasMoreToSend(from)) traces.carried.set(call, from);
  }

  return {
    name: "trace",
    admit: (call) => {
      const tracer = activeTracer();
      if (tracer === undefined) return undefined;
      const parent = parentOf(call);
      if (isSuppressed(parent)) return undefined;
      const unsampled = unsampledSpan(parent);
      if (unsampled !== undefined) {
        passOn(call, unsampled.spanContext(), parent);
        return undefined;
      }

      const attributes = { ...methodAttributes(call.method), "enmesh.service": call.service };
      const span = tracer.startSpan(`call ${call.service}`, { kind: SpanKind.INTERNAL, attributes }, parent);
      const within = trace.setSpan(parent, span);
      if (span.isRecording()) traces.recorded.set(call, { span, context: within });
      else if (isSpanContextValid(span.spanContext())) passOn(call, span.spanContext(), within);
      return undefined;
    },
    settle: (call, outcome) => {
      const span = traces.recorded.get(call)?.span;
      if (span === undefined) return;
      span.setAttribute("enmesh.outcome", outcome.kind);
      span.setAttribute("enmesh.attempts", call.attempt);
      if (call.destination?.subset !== undefined) span.setAttribute("enmesh.subset", call.destination.subset);
      if (call.plan !== undefined) span.setAttribute("enmesh.route", call.plan.name);
      if (call.retryBudgetExhausted) span.setAttribute("enmesh.retry_budget_exhausted", true);
      endSpan(span, outcome);
    },
  };
}

/** Where the call was made: the active span, else the request it is made for. Asked while the caller's own code runs. */
function parentOf(call: Call): Context {
  const active = context.active();
  if (call.context === undefined || trace.getSpan(active) !== undefined) return active;
  const inherited = call.context.trace;
  return inherited === undefined ? active : trace.setSpanContext(active, toSpanContext(inherited, true));
}

/** A span of this process that its sampler let go: the same sampler would let its children go. */
function unsampledSpan(parent: Context): Span | undefined {
  const span = trace.getSpan(parent);
  if (span === undefined || span.isRecording()) return undefined;
  const spanContext = span.spanContext();
  const isOurs = spanContext.isRemote !== true && isSpanContextValid(spanContext);
  return isOurs && (spanContext.traceFlags & TraceFlags.SAMPLED) === 0 ? span : undefined;
}
