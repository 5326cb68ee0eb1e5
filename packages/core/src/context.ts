import { AsyncLocalStorage } from "node:async_hooks";

/** Where a request stands in a trace (W3C Trace Context). */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly isSampled: boolean;
  readonly traceState: string | undefined;
}

/** What an inbound request hands to the calls that are made while it is answered. */
export interface RequestContext {
  /** When whoever waits for the answer stops waiting, on our monotonic clock; `Infinity` for never. */
  readonly deadlineAt: number;
  /** Which attempt of its caller this request is. Above 1, our own retries are off: they would multiply. */
  readonly attempt: number;
  /** Undefined when tracing is switched off. */
  readonly trace: TraceContext | undefined;
  readonly requestId: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** The inbound request whose handler is running, or undefined outside of one. */
export function currentContext(): RequestContext | undefined {
  return storage.getStore();
}

/** Runs `handler` so that everything it starts, now or later, belongs to `context`. */
export function runInContext<T>(context: RequestContext | undefined, handler: () => T): T {
  return context === undefined ? storage.exit(handler) : storage.run(context, handler);
}
