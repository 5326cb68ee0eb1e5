import type { TraceContext } from "@enmesh/core";

const form = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const noTraceId = "0".repeat(32);
const noSpanId = "0".repeat(16);
const stateForm = /^[\x20-\x7e\t]+$/;
const stateLimit = 512;

/**
 * Reads a `traceparent` as W3C Trace Context §3.2 asks: lower case only, no all-zero id, never version `ff`; version `00` has exactly
 * four fields, later versions may have more. Anything else is undefined, and a new trace begins.
 */
export function parseTraceParent(value: string | undefined, traceState?: string): TraceContext | undefined {
  if (value === undefined || value.length < 55) return undefined;
  const found = form.exec(value);
  if (found === null) return undefined;
  const [, version, traceId = noTraceId, spanId = noSpanId, flags = "00", more] = found;
  if (version === "ff" || traceId === noTraceId || spanId === noSpanId) return undefined;
  if (version === "00" && more !== undefined) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1, traceState: readTraceState(traceState) };
}

/** Writes a `traceparent`, version `00`. */
export function serializeTraceParent({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;
}

/** A `tracestate` that may be passed on: up to 512 printable characters. It belongs to others, so it is never changed. */
function readTraceState(value: string | undefined): string | undefined {
  return value !== undefined && value.length <= stateLimit && stateForm.test(value) ? value : undefined;
}
