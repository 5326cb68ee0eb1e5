import {
  type Context,
  context,
  createContextKey,
  propagation,
  ROOT_CONTEXT,
  trace,
  type Tracer,
  type TracerProvider,
} from "@opentelemetry/api";

const scope = "@enmesh/tracing";
/** An SDK is registered when a process starts, if at all: every so many questions we look again. */
const lookEvery = 64;

let asked = 0;
let tracer: Tracer | undefined;
let sendsMore = false;

/** The tracer of the OpenTelemetry SDK of this process, or undefined while there is none. */
export function activeTracer(): Tracer | undefined {
  if (asked === 0) look();
  asked = (asked + 1) % lookEvery;
  return tracer;
}

function look(): void {
  tracer = findTracer(trace.getTracerProvider());
  sendsMore = tracer !== undefined && propagation.fields().some((field) => !knownFields.has(field));
}

/** The headers that need no propagator: two that we write ourselves, and one that is sent only when there is baggage. */
const knownFields: ReadonlySet<string> = new Set(["traceparent", "tracestate", "baggage"]);

/** True when the SDK's propagators have headers to add to a call that is made here: baggage, or B3 and its like. */
export function hasMoreToSend(from: Context): boolean {
  return sendsMore || propagation.getBaggage(from) !== undefined;
}

/** Makes the next question look. */
export function lookAgain(): void {
  asked = 0;
}

/**
 * Before an SDK is registered the API answers with a proxy that has no delegate. Asking the proxy makes no span, so that
 * nobody's span processor ever sees a probe of ours.
 */
function findTracer(
  provider: TracerProvider & { getDelegateTracer?: (name: string) => Tracer | undefined },
): Tracer | undefined {
  return typeof provider.getDelegateTracer === "function"
    ? provider.getDelegateTracer(scope)
    : provider.getTracer(scope);
}

/** The key by which OpenTelemetry's own exporters keep their requests from being traced. Keys are global symbols: equal text, equal key. */
const suppressed = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");
const silence = ROOT_CONTEXT.setValue(suppressed, true);

/** True where OpenTelemetry was asked to leave things alone. */
export function isSuppressed(within: Context): boolean {
  return within.getValue(suppressed) === true;
}

/**
 * Runs `dispatch` so that no instrumentation makes a span for it or adds a `traceparent`: the request carries ours already.
 * It runs outside of every request's OpenTelemetry context, which also keeps a socket from holding on to the request that
 * opened it. Without an SDK it is a plain call.
 */
export function withoutInstrumentation<T>(dispatch: () => T): T {
  return tracer === undefined ? dispatch() : context.with(silence, dispatch);
}
