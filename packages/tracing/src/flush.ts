import { trace, type TracerProvider } from "@opentelemetry/api";

type Flushing = TracerProvider & { getDelegate?: () => Flushing; forceFlush?: () => Promise<void> };

/**
 * Sends the spans that wait, when this process has an OpenTelemetry SDK: a process that ends takes what was not sent with it. Never rejects, and
 * takes `withinMs` at most.
 */
export async function flushSpans(withinMs = 2_000): Promise<void> {
  const proxy = trace.getTracerProvider() as Flushing;
  const provider = proxy.getDelegate?.() ?? proxy;
  if (provider.forceFlush === undefined) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
  await Promise.race([provider.forceFlush().catch(() => {}), late]);
  clearTimeout(timer);
}
