import type { TraceContext } from "./context.ts";

/** Who a process is in the mesh: what it registers as, and what its telemetry says of it. */
export interface Identity {
  readonly service: string;
  /** Unique per process. */
  readonly instanceId: string;
  /** @default "unknown" */
  readonly version: string;
  /** @default "default" */
  readonly namespace: string;
}

/** The caller of an inbound request, as it named itself. Good for telemetry, never for authorization. */
export interface Peer {
  readonly service: string;
  readonly version: string;
  readonly namespace: string;
}

/** One answered (or broken) inbound request: what the log, the metrics and the trace are told at its end. */
export interface InboundRecord {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The route template of the framework (`/orders/:id`), when it told. */
  readonly route: string | undefined;
  readonly status: number;
  readonly durationMs: number;
  readonly peer: Peer | undefined;
  /** Undefined when tracing is switched off. */
  readonly trace: TraceContext | undefined;
  readonly requestId: string;
  /** Which attempt of its caller this was. */
  readonly attempt: number;
  /** True when the caller went away before the answer was complete. */
  readonly isAborted: boolean;
  /** Why the mesh itself answered, when it did: `ENMESH_DEADLINE_EXCEEDED`, `ENMESH_CLOSED`. */
  readonly refusedWith: string | undefined;
}
