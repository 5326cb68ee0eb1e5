import { Attempt, type Call, Slot } from "@enmesh/core";
import type { Context, Span } from "@opentelemetry/api";
import { LocalTrace } from "./local-trace.ts";
import type { TraceIds } from "./trace-ids.ts";

/** A call that is recorded: its span, and the context in which its attempts stand. */
export interface RecordedCall {
  readonly span: Span;
  readonly context: Context;
}

/** What tracing keeps on a call: its span when it is recorded, else its place in a trace. */
export class CallTraces {
  readonly recorded: Slot<RecordedCall> = new Slot("call");
  /** Of a call that is not recorded: what the SDK's propagators are to read, when they have something to send. */
  readonly carried: Slot<Context> = new Slot("call");
  readonly #unrecorded: Slot<LocalTrace> = new Slot("call");
  readonly #ids: TraceIds;

  constructor(ids: TraceIds) {
    this.#ids = ids;
  }

  /** The place of a call that is not recorded: its request's, or a new trace of its own. The same for all its attempts. */
  unrecorded(call: Call): LocalTrace {
    const inherited = call.context?.trace;
    if (inherited instanceof LocalTrace) return this.#unrecorded.get(call) ?? inherited;
    const kept = this.#unrecorded.get(call);
    if (kept !== undefined) return kept;
    const made = inherited === undefined ? LocalTrace.root(this.#ids.rootTraceParent()) : LocalTrace.from(inherited);
    this.#unrecorded.set(call, made);
    return made;
  }

  keep(call: Call, trace: LocalTrace): void {
    this.#unrecorded.set(call, trace);
  }
}

/** The call that an attempt belongs to: what is kept there outlives the attempt. */
export function callOf(attempt: Call): Call {
  return attempt instanceof Attempt ? attempt.exchange : attempt;
}
