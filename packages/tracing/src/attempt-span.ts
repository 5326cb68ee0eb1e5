import { type AimedCall, headers, type Policy, Slot } from "@enmesh/core";
import {
  type Attributes,
  type Context,
  propagation,
  type Span,
  SpanKind,
  type TextMapSetter,
  trace,
} from "@opentelemetry/api";
import { callOf, type CallTraces } from "./call-trace.ts";
import { methodAttributes, spanVerb, withoutQuery } from "./http-attributes.ts";
import type { LocalTrace } from "./local-trace.ts";
import { endSpan } from "./outcome-attributes.ts";
import { activeTracer } from "./sdk.ts";
import { toLocalTrace } from "./span-context.ts";

/**
 * Puts exactly one `traceparent` on every attempt, and one client span around it when the call is recorded. Innermost:
 * what is refused before it is no attempt.
 */
export function attemptSpan(traces: CallTraces): Policy<AimedCall> {
  const spans = new Slot<Span>("call");

  return {
    name: "trace-attempt",
    admit: (attempt) => {
      const call = callOf(attempt);
      const recorded = traces.recorded.get(call);
      const tracer = recorded === undefined ? undefined : activeTracer();
      if (recorded === undefined || tracer === undefined) {
        addTrace(attempt, traces.unrecorded(call));
        const carried = traces.carried.get(call);
        if (carried !== undefined) addOthers(attempt, carried);
        return undefined;
      }
      const name = `${spanVerb(attempt.method)} ${attempt.destination.service}`;
      const span = tracer.startSpan(
        name,
        { kind: SpanKind.CLIENT, attributes: attributesOf(attempt) },
        recorded.context,
      );
      spans.set(attempt, span);
      addTrace(attempt, toLocalTrace(span.spanContext()));
      addOthers(attempt, trace.setSpan(recorded.context, span));
      return undefined;
    },
    settle: (attempt, outcome) => {
      const span = spans.get(attempt);
      if (span !== undefined) endSpan(span, outcome);
    },
  };
}

function addTrace(attempt: AimedCall, { traceParent, traceState }: LocalTrace): void {
  attempt.addHeader(headers.traceParent, traceParent);
  if (traceState !== undefined) attempt.addHeader(headers.traceState, traceState);
}

/** What else the SDK's propagators want to send: baggage, B3. The two headers of W3C are there already. */
function addOthers(attempt: AimedCall, from: Context): void {
  propagation.inject(from, attempt, otherHeaders);
}

const otherHeaders: TextMapSetter<AimedCall> = {
  set: (attempt, name, value) => {
    const lowerCase = name.toLowerCase();
    if (lowerCase !== headers.traceParent && lowerCase !== headers.traceState) attempt.addHeader(lowerCase, value);
  },
};

function attributesOf(attempt: AimedCall): Attributes {
  const { endpoint, destination } = attempt;
  const attributes: Attributes = {
    ...methodAttributes(attempt.method),
    "url.full": endpoint.origin + withoutQuery(attempt.path),
    "server.address": endpoint.address,
    "server.port": endpoint.port,
    "enmesh.service": destination.service,
    "enmesh.endpoint": endpoint.id,
    "enmesh.route": attempt.plan.name,
    "enmesh.attempt": attempt.attempt,
  };
  if (destination.subset !== undefined) attributes["enmesh.subset"] = destination.subset;
  if (attempt.attempt > 1) attributes["http.request.resend_count"] = attempt.attempt - 1;
  return attributes;
}
