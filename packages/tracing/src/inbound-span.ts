import { headers, type InboundRecord } from "@enmesh/core";
import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { methodAttributes, spanVerb, withoutQuery } from "./http-attributes.ts";
import { existingServerSpan } from "./existing-server-span.ts";
import type { HeaderReader, InboundTrace } from "./inbound-trace.ts";
import type { LocalTrace } from "./local-trace.ts";
import { toLocalTrace, toSpanContext } from "./span-context.ts";
import { parseTraceParent } from "./trace-parent.ts";

/** A request with a span: one of ours, or one that an instrumentation of the HTTP server made before us. */
export class RecordedInbound implements InboundTrace {
  readonly trace: LocalTrace;
  readonly #span: Span;
  readonly #context: Context;
  readonly #isOurs: boolean;

  constructor(span: Span, within: Context, isOurs: boolean) {
    this.trace = toLocalTrace(span.spanContext());
    this.#span = span;
    this.#context = within;
    this.#isOurs = isOurs;
  }

  run<T>(handler: () => T): T {
    return context.with(this.#context, handler);
  }

  end(record: InboundRecord): void {
    const span = this.#span;
    // An adopted span may be over already; its owner ended it.
    if (span.isRecording()) describe(span, record, this.#isOurs);
    if (this.#isOurs) span.end();
  }
}

/** What is known of a request when it arrives. */
export interface Arrival {
  readonly header: HeaderReader;
  readonly method: string;
  readonly path: string;
  /** Of this process. */
  readonly instance: string | undefined;
}

/** The server span that is already there for this request, or a new one. */
export function startInboundSpan(tracer: Tracer, { header, method, path, instance }: Arrival): RecordedInbound {
  const active = context.active();
  const existing = existingServerSpan(active);
  if (instance !== undefined) existing?.setAttribute("enmesh.instance", instance);
  if (existing !== undefined) return new RecordedInbound(existing, active, false);

  const parent = parentFrom(header);
  const attributes = {
    ...methodAttributes(method),
    "url.path": withoutQuery(path),
    ...(instance !== undefined && { "enmesh.instance": instance }),
  };
  const span = tracer.startSpan(spanVerb(method), { kind: SpanKind.SERVER, attributes }, parent);
  return new RecordedInbound(span, trace.setSpan(parent, span), true);
}

/** What the caller sent, read by the SDK's propagators (baggage, B3) and, where they find no trace, by our own reader. */
function parentFrom(header: HeaderReader): Context {
  const extracted = propagation.extract(ROOT_CONTEXT, header, headerGetter);
  if (trace.getSpanContext(extracted) !== undefined) return extracted;
  const sent = parseTraceParent(header(headers.traceParent), header(headers.traceState));
  return sent === undefined ? extracted : trace.setSpanContext(extracted, toSpanContext(sent, true));
}

const headerGetter: TextMapGetter<HeaderReader> = {
  get: (header, name) => header(name.toLowerCase()),
  keys: () => [],
};

function describe(span: Span, record: InboundRecord, isOurs: boolean): void {
  if (record.route !== undefined) {
    span.updateName(`${spanVerb(record.method)} ${record.route}`);
    span.setAttribute("http.route", record.route);
  }
  if (record.peer !== undefined) span.setAttribute("enmesh.peer", record.peer.service);
  if (record.attempt > 1) span.setAttribute("enmesh.attempt", record.attempt);
  if (record.refusedWith !== undefined) span.setAttribute("enmesh.refused_with", record.refusedWith);
  if (record.isAborted) span.setAttribute("enmesh.aborted", true);
  if (!isOurs) return;
  if (record.status > 0) span.setAttribute("http.response.status_code", record.status);
  if (record.status < 500) return;
  span.setAttribute("error.type", record.refusedWith ?? String(record.status));
  span.setStatus({ code: SpanStatusCode.ERROR });
}
