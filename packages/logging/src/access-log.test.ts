import { type Call, Destination, refuse, type RoutedCall, type Policy, runInContext } from "@enmesh/core";
import { scripted, simulate, type Upstream } from "@enmesh/core/simulation";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { collected } from "../test/collected.ts";
import { accessLog, type AccessLogOptions, inboundLog } from "./index.ts";

const trace = {
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  spanId: "00f067aa0ba902b7",
  isSampled: false,
  traceState: undefined,
};
const request = { deadlineAt: Number.POSITIVE_INFINITY, attempt: 1, trace, requestId: "r-7" };
const again = { name: "retry", again: (call: Call) => (call.attempt < 2 ? 10 : undefined) };

function loggedCalls(
  upstream: Upstream,
  options: AccessLogOptions = {},
  level: "info" | "warn" = "info",
  more: Policy<RoutedCall>[] = [],
) {
  const { logger, lines } = collected({ level });
  const simulation = simulate(upstream, { destination: new Destination("orders", "v2") });
  simulation.through(accessLog(logger, options), ...more, again);
  return { simulation, lines, logger };
}

describe("the access log", () => {
  test("writes one wide line per call, with everything that is known at its end", () => {
    const { simulation, lines } = loggedCalls(scripted([503, 200], 40));

    runInContext(request, () => simulation.one());

    expect(lines()).toHaveLength(1);
    expect(lines()[0]).toMatchObject({
      level: 30,
      msg: "call",
      service: "web",
      direction: "outbound",
      destination: "orders",
      subset: "v2",
      method: "GET",
      path: "/",
      status: 200,
      outcome: "success",
      attempts: 2,
      endpoint: simulation.endpoint.origin,
      route: "simulated",
      elapsed_ms: 90,
      response_flags: "-",
      trace_id: trace.traceId,
      span_id: trace.spanId,
      trace_flags: "00",
      request_id: "r-7",
    });
  });

  test.each([
    [
      "an endpoint that cannot be reached",
      () => ({ fails: "connect" as const }),
      { level: 40, cause: "connect", response_flags: "UF,URX", attempts: 2 },
    ],
    [
      "a server that fails for good",
      () => ({ status: 501 }),
      { level: 50, status: 501, outcome: "fatal", response_flags: "-" },
    ],
    ["a server that fails again and again", () => ({ status: 503 }), { level: 40, status: 503, response_flags: "URX" }],
    ["a caller's own mistake", () => ({ status: 404 }), { level: 30, outcome: "clientError", response_flags: "-" }],
    [
      "a caller that went away",
      () => ({ fails: "cancelled" as const }),
      { level: 30, outcome: "ignorable", response_flags: "DC" },
    ],
  ])("tells %s", (_, upstream, expected) => {
    const { simulation, lines } = loggedCalls(upstream);

    simulation.one();

    expect(lines()).toEqual([expect.objectContaining(expected)]);
  });

  test.each([
    ["ENMESH_CIRCUIT_OPEN", "UO"],
    ["ENMESH_NO_ENDPOINT", "UH"],
    ["ENMESH_NO_ROUTE", "NR"],
  ] as const)("tells a refusal by its code: %s", (code, flags) => {
    const refusing: Policy<RoutedCall> = { name: "refusing", admit: () => refuse(code, "no") };
    const { simulation, lines } = loggedCalls(scripted([200]), {}, "info", [refusing]);

    simulation.one();

    expect(lines()).toEqual([
      expect.objectContaining({ level: 40, code, response_flags: flags, attempts: 0, status: 0 }),
    ]);
    expect(lines()[0]).not.toHaveProperty("endpoint");
  });

  test("names the call's own request, whatever request is current when the answer comes", () => {
    const { simulation, lines } = loggedCalls(scripted([200]));

    runInContext(request, () => simulation.start());
    const other = { ...request, trace: { ...trace, traceId: "f".repeat(32) }, requestId: "r-8" };
    runInContext(other, () => simulation.time.advance(100));
    simulation.start();
    runInContext(other, () => simulation.time.advance(100));

    expect(lines().map(({ trace_id: id, request_id: of }) => [id, of])).toEqual([
      [trace.traceId, "r-7"],
      [undefined, undefined],
    ]);
  });

  test("with `errors` writes what failed and what was slow", () => {
    let afterMs = 1;
    const upstream = (): { status: number; afterMs: number } => ({ status: afterMs === 3 ? 501 : 200, afterMs });
    const { simulation, lines } = loggedCalls(upstream, { accessLog: "errors", slowMs: 500 });

    for (afterMs of [1, 2, 3, 600]) simulation.one();

    expect(lines().map(({ status, slow, level }) => [status, slow, level])).toEqual([
      [501, undefined, 50],
      [200, true, 40],
    ]);
  });

  test("with `off` is no policy at all", () => {
    const { logger } = collected();

    expect(accessLog(logger, { accessLog: "off" })).toEqual({ name: "access-log" });
  });

  test("builds nothing for a logger that would drop it", () => {
    const traceOf = vi.fn(() => undefined);
    const { simulation, lines, logger } = loggedCalls(scripted([200]), { traceOf }, "warn");
    const info = vi.spyOn(logger, "info");

    simulation.one();

    expect([traceOf.mock.calls.length, info.mock.calls.length, lines().length]).toEqual([0, 0, 0]);
  });

  test("never writes a query", () => {
    const { logger, text } = collected();
    const policy = accessLog(logger);
    const simulation = simulate(scripted([200]));
    const call = simulation.start();
    simulation.time.advance(10);

    fc.assert(
      fc.property(fc.webPath(), fc.string(), (path, noise) => {
        const asked = Object.create(call, { path: { value: `${path}?q=cAnArY${noise}` } }) as Call;
        policy.settle?.(asked, { kind: "success", status: 200 } as never);
      }),
    );

    expect(text()).toContain("/");
    expect(text()).not.toContain("cAnArY");
  });

  test("says plainly which option is wrong", () => {
    const { logger } = collected();

    expect(() => accessLog(logger, { accessLog: "some" as "all" })).toThrow(
      'access log: accessLog must be "all", "errors" or "off", got "some"',
    );
    expect(() => accessLog(logger, { slowMs: -1 })).toThrow("access log: slowMs must be 0 or more, got -1");
  });
});

describe("the inbound log", () => {
  const record = {
    method: "GET",
    path: "/orders/7",
    route: "/orders/:id",
    status: 200,
    durationMs: 12.34567,
    peer: { service: "web", version: "1.0.0", namespace: "shop" },
    trace,
    requestId: "r-7",
    attempt: 1,
    isAborted: false,
    refusedWith: undefined,
  };

  test("writes one line per request", () => {
    const { logger, lines } = collected();

    inboundLog(logger)(record);

    expect(lines()).toEqual([
      expect.objectContaining({
        level: 30,
        msg: "request",
        direction: "inbound",
        path: "/orders/7",
        route: "/orders/:id",
        status: 200,
        elapsed_ms: 12.346,
        peer: "shop/web/1.0.0",
        response_flags: "-",
        trace_id: trace.traceId,
        request_id: "r-7",
      }),
    ]);
  });

  test.each([
    [{ status: 500 }, { level: 50 }],
    [
      { status: 504, refusedWith: "ENMESH_DEADLINE_EXCEEDED" },
      { level: 40, code: "ENMESH_DEADLINE_EXCEEDED", response_flags: "UT" },
    ],
    [{ status: 404 }, { level: 30 }],
    [
      { status: 499, isAborted: true },
      { level: 30, aborted: true, response_flags: "DC" },
    ],
  ])("tells %o as %o", (changes, expected) => {
    const { logger, lines } = collected();

    inboundLog(logger)({ ...record, ...changes });

    expect(lines()).toEqual([expect.objectContaining(expected)]);
  });

  test("with `errors` leaves out what went well, and with `off` everything", () => {
    const { logger, lines } = collected();

    for (const which of ["errors", "off"] as const) {
      const log = inboundLog(logger, { accessLog: which });
      log(record);
      log({ ...record, status: 500 });
    }

    expect(lines()).toHaveLength(1);
  });
});
