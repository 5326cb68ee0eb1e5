import type { AimedCall, Call, Identity, Policy, Random, TraceContext } from "@enmesh/core";
import { context } from "@opentelemetry/api";
import { attemptSpan } from "./attempt-span.ts";
import { callSpan } from "./call-span.ts";
import { CallTraces } from "./call-trace.ts";
import { continueTrace, UnrecordedInbound } from "./inbound-local.ts";
import { startInboundSpan } from "./inbound-span.ts";
import type { InboundTracing } from "./inbound-trace.ts";
import { activeTracer, isSuppressed } from "./sdk.ts";
import { toLocalTrace } from "./span-context.ts";
import { traceIds } from "./trace-ids.ts";

export interface TracingOptions {
  /** Who this process is: its server spans say which instance answered. */
  readonly identity?: Identity;
  /** Where ids come from. @default Math.random */
  readonly random?: Random;
}

export const tracingDefaults: Readonly<Required<Omit<TracingOptions, "identity">>> = Object.freeze({
  random: Math.random,
});

export interface Tracing {
  /** One span around a call, when an SDK records it. Stands outermost. */
  readonly call: Policy<Call>;
  /** One `traceparent`, and one client span when the call is recorded, per attempt. Stands innermost. */
  readonly attempt: Policy<AimedCall>;
  /** The server side. */
  readonly inbound: InboundTracing;
  /** Where a call stands in its trace. Once its first attempt was sent, or its span begun; before that it may begin a trace. */
  readonly traceOf: (call: Call) => TraceContext;
}

/**
 * Carries W3C Trace Context through this process: with spans when the process has an OpenTelemetry SDK, with ids alone when not.
 *
 * @example
 * ```ts
 * import { createTracing } from "@enmesh/tracing";
 *
 * const { inbound } = createTracing();
 * const request = inbound.start(() => undefined, "GET", "/orders");
 * console.log(request.trace.traceId.length); // 32
 * ```
 */
export function createTracing(options: TracingOptions = {}): Tracing {
  const ids = traceIds(options.random ?? tracingDefaults.random);
  const traces = new CallTraces(ids);
  const instance = options.identity?.instanceId;

  return {
    call: callSpan(traces),
    attempt: attemptSpan(traces),
    inbound: {
      start: (header, method, path) => {
        const tracer = activeTracer();
        if (tracer === undefined || isSuppressed(context.active()))
          return new UnrecordedInbound(continueTrace(header, ids));
        return startInboundSpan(tracer, { header, method, path, instance });
      },
    },
    traceOf: (call) => {
      const recorded = traces.recorded.get(call);
      return recorded === undefined ? traces.unrecorded(call) : toLocalTrace(recorded.span.spanContext());
    },
  };
}
