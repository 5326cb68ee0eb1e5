import { type AimedCall, type Call, type Policy, runInContext, seededRandom } from "@enmesh/core";
import { scripted, simulate, type Simulation } from "@enmesh/core/simulation";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTracing, parseTraceParent, type Tracing, withoutInstrumentation } from "./index.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const callersSpan = "00f067aa0ba902b7";

interface Sent {
  readonly header: string;
  readonly count: number;
  readonly state: string | undefined;
}

/** Simulated calls that remember the trace headers of each attempt. */
function traced(tracing: Tracing, statuses: readonly number[] = [200]): { simulation: Simulation; sent: Sent[] } {
  const sent: Sent[] = [];
  const upstream = scripted(statuses);
  const simulation = simulate((attempt) => {
    const { addedHeaders } = attempt;
    const count = addedHeaders.filter((name) => name === "traceparent").length;
    const stateAt = addedHeaders.indexOf("tracestate");
    const state = stateAt === -1 ? undefined : addedHeaders[stateAt + 1];
    sent.push({ header: addedHeaders[addedHeaders.indexOf("traceparent") + 1] ?? "", count, state });
    return upstream(attempt);
  });
  const attempt: Policy<AimedCall> = tracing.attempt;
  simulation.through(tracing.call, { name: "retry", again: (call) => (call.attempt < 3 ? 10 : undefined) }, attempt);
  return { simulation, sent };
}

function arrived(tracing: Tracing, headers: Readonly<Record<string, string>>): ReturnType<Tracing["inbound"]["start"]> {
  return tracing.inbound.start((name) => headers[name], "GET", "/orders?sig=1");
}

function inRequest(trace: ReturnType<Tracing["inbound"]["start"]>["trace"], handler: () => void): void {
  runInContext({ deadlineAt: Number.POSITIVE_INFINITY, attempt: 1, trace, requestId: "r-1" }, handler);
}

describe("a call outside of any request", () => {
  test("begins a trace that nobody records, and keeps it through its attempts", () => {
    const tracing = createTracing({ random: seededRandom(1) });
    const { simulation, sent } = traced(tracing, [503, 503, 200]);

    simulation.one();

    expect(sent).toHaveLength(3);
    expect(new Set(sent.map(({ header }) => header)).size).toBe(1);
    expect(sent[0]?.header).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
    expect(sent.map(({ count }) => count)).toEqual([1, 1, 1]);
  });

  test("begins a new one each time", () => {
    const { simulation, sent } = traced(createTracing({ random: seededRandom(1) }));

    simulation.many(100, 1);

    expect(new Set(sent.map(({ header }) => header.slice(3, 35))).size).toBe(100);
  });

  test("tells its place to the access log", () => {
    const tracing = createTracing({ random: seededRandom(1) });
    const { simulation, sent } = traced(tracing);
    let call: Call | undefined;

    call = simulation.start();
    simulation.time.advance(10);

    expect(tracing.traceOf(call).traceId).toBe(sent[0]?.header.slice(3, 35));
  });
});

describe("a call inside a request", () => {
  test("carries the trace of the request, from an id of the request's own", () => {
    const tracing = createTracing({ random: seededRandom(1) });
    const request = arrived(tracing, { traceparent: `00-${traceId}-${callersSpan}-01`, tracestate: "rojo=1" });
    const { simulation, sent } = traced(tracing);

    inRequest(request.trace, () => void simulation.many(2, 1));

    expect(request.trace).toMatchObject({ traceId, isSampled: true, traceState: "rojo=1" });
    expect(request.trace.spanId).not.toBe(callersSpan);
    const header = `00-${traceId}-${request.trace.spanId}-01`;
    expect(sent).toEqual([
      { header, count: 1, state: "rojo=1" },
      { header, count: 1, state: "rojo=1" },
    ]);
  });

  test("carries a trace context that another library made", () => {
    const { simulation, sent } = traced(createTracing());

    inRequest({ traceId, spanId: callersSpan, isSampled: false, traceState: undefined }, () => void simulation.one());

    expect(sent).toEqual([{ header: `00-${traceId}-${callersSpan}-00`, count: 1, state: undefined }]);
  });
});

describe("an inbound request", () => {
  test("with any garbage for a traceparent begins a fresh and valid trace", () => {
    const tracing = createTracing();

    fc.assert(
      fc.property(fc.string(), fc.string(), (traceparent, tracestate) => {
        fc.pre(parseTraceParent(traceparent) === undefined);
        const { trace } = arrived(tracing, { traceparent, tracestate });

        expect(trace.traceId).toMatch(/^(?!0{32})[\da-f]{32}$/);
        expect(trace.spanId).toMatch(/^(?!0{16})[\da-f]{16}$/);
        expect(trace).toMatchObject({ isSampled: false, traceState: undefined });
      }),
    );
  });

  test("runs its handler as it is", () => {
    const request = arrived(createTracing(), {});

    expect(request.run(() => 42)).toBe(42);
  });
});

test("without an SDK nothing stands between the transport and its dispatch", () => {
  expect(withoutInstrumentation(() => "sent")).toBe("sent");
});
