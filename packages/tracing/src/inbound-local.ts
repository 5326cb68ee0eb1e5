import { headers } from "@enmesh/core";
import type { HeaderReader, InboundTrace } from "./inbound-trace.ts";
import { LocalTrace } from "./local-trace.ts";
import type { TraceIds } from "./trace-ids.ts";
import { parseTraceParent } from "./trace-parent.ts";

/** A request that nobody records here: it keeps its trace, and has an id of its own in it. */
export class UnrecordedInbound implements InboundTrace {
  readonly trace: LocalTrace;

  constructor(trace: LocalTrace) {
    this.trace = trace;
  }

  run<T>(handler: () => T): T {
    return handler();
  }

  end(): void {}
}

/** Continues the caller's trace, or begins one. */
export function continueTrace(header: HeaderReader, ids: TraceIds): LocalTrace {
  const traceParent = header(headers.traceParent);
  const parent = traceParent === undefined ? undefined : parseTraceParent(traceParent, header(headers.traceState));
  if (parent === undefined) return LocalTrace.root(ids.rootTraceParent());
  return new LocalTrace(parent.traceId, ids.spanId(), parent.isSampled, parent.traceState);
}
