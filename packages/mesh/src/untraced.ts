import type { InboundTrace } from "./inbound.ts";

const noTrace = Object.freeze({
  traceId: "0".repeat(32),
  spanId: "0".repeat(16),
  isSampled: false,
  traceState: undefined,
});
/** Stands in for tracing when it is switched off. */
export const untraced = (): InboundTrace => ({ trace: noTrace, run: (handler) => handler(), end: () => {} });
