export { createTracing, tracingDefaults, type Tracing, type TracingOptions } from "./tracing.ts";
export type { HeaderReader, InboundTrace, InboundTracing } from "./inbound-trace.ts";
export { parseTraceParent, serializeTraceParent } from "./trace-parent.ts";
export { flushSpans } from "./flush.ts";
export { withoutInstrumentation } from "./sdk.ts";
