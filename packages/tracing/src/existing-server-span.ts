import { type Context, createContextKey, isSpanContextValid, type Span, SpanKind, trace } from "@opentelemetry/api";

/** Where instrumentation-http keeps the server span of a request, whatever spans a framework puts around its handlers. */
const rpcMetadata = createContextKey("OpenTelemetry SDK Context Key RPC_METADATA");

interface RpcMetadata {
  readonly span?: Span;
}

/** The server span that an instrumentation made for this request before us, or undefined. */
export function existingServerSpan(active: Context): Span | undefined {
  const metadata = active.getValue(rpcMetadata) as RpcMetadata | undefined;
  if (metadata?.span !== undefined && isLocal(metadata.span)) return metadata.span;

  const span: (Span & { readonly kind?: SpanKind }) | undefined = trace.getSpan(active);
  if (span === undefined || !isLocal(span)) return undefined;
  // A span that was not sampled has lost its kind, and can be nothing else at this place.
  return span.kind === SpanKind.SERVER || (span.kind === undefined && !span.isRecording()) ? span : undefined;
}

function isLocal(span: Span): boolean {
  const spanContext = span.spanContext();
  return spanContext.isRemote !== true && isSpanContextValid(spanContext);
}
