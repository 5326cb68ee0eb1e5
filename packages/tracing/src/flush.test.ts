import { ProxyTracerProvider, trace } from "@opentelemetry/api";
import { afterEach, describe, expect, test } from "vitest";
import { flushSpans } from "./flush.ts";

afterEach(() => trace.disable());

function register(forceFlush: () => Promise<void>): void {
  const provider = { getTracer: () => new ProxyTracerProvider().getTracer("test"), forceFlush };
  trace.setGlobalTracerProvider(provider);
}

describe("flushSpans", () => {
  test("does nothing without an SDK", async () => {
    await expect(flushSpans()).resolves.toBeUndefined();
  });

  test("sends what waits", async () => {
    let flushed = 0;
    register(async () => void (flushed += 1));

    await flushSpans();

    expect(flushed).toBe(1);
  });

  test("survives a collector that refuses, and one that never answers", async () => {
    register(() => Promise.reject(new Error("refused")));
    await expect(flushSpans()).resolves.toBeUndefined();

    trace.disable();
    register(() => new Promise(() => {}));
    await expect(flushSpans(1)).resolves.toBeUndefined();
  });
});
