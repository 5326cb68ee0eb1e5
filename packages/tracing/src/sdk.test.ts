import { context, INVALID_SPAN_CONTEXT, ROOT_CONTEXT, trace, type TracerProvider } from "@opentelemetry/api";
import { afterEach, describe, expect, test, vi } from "vitest";
import { activeTracer, isSuppressed, lookAgain, withoutInstrumentation } from "./sdk.ts";

function registered(): { provider: TracerProvider; startSpan: ReturnType<typeof vi.fn> } {
  const startSpan = vi.fn(() => trace.wrapSpanContext(INVALID_SPAN_CONTEXT));
  const provider: TracerProvider = { getTracer: () => ({ startSpan, startActiveSpan: vi.fn() }) };
  trace.setGlobalTracerProvider(provider);
  return { provider, startSpan };
}

afterEach(() => {
  trace.disable();
  context.disable();
  lookAgain();
});

describe("the SDK of a process", () => {
  test("is not there until it is registered", () => {
    expect(activeTracer()).toBeUndefined();
  });

  test("is found without making a span", () => {
    const { startSpan } = registered();

    expect(activeTracer()).toBeDefined();
    expect(startSpan).not.toHaveBeenCalled();
  });

  test("that comes late is found after 64 questions", () => {
    activeTracer();
    registered();

    const found = Array.from({ length: 64 }, () => activeTracer() !== undefined);

    expect(found.indexOf(true)).toBe(63);
  });
});

describe("withoutInstrumentation", () => {
  test("is a plain call without an SDK", () => {
    activeTracer();
    const within = vi.spyOn(context, "with");

    expect(withoutInstrumentation(() => 7)).toBe(7);
    expect(within).not.toHaveBeenCalled();
  });

  test("runs the dispatch in a suppressed context beside an SDK, and hands its result and its errors on", () => {
    registered();
    activeTracer();
    const within = vi.spyOn(context, "with");

    expect(withoutInstrumentation(() => 7)).toBe(7);
    expect(() =>
      withoutInstrumentation(() => {
        throw new Error("no socket");
      }),
    ).toThrow("no socket");
    expect(within.mock.calls.map(([used]) => isSuppressed(used))).toEqual([true, true]);
    expect(isSuppressed(ROOT_CONTEXT)).toBe(false);
  });
});
