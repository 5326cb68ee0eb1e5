import { answered, type RequestContext, runInContext, TimerCallback as Later } from "@enmesh/core";
import { scripted, simulate, type SimulatedAttempt } from "@enmesh/core/simulation";
import { describe, expect, test } from "vitest";

import { attemptTimeout } from "./attempt-timeout.ts";
import { deadline, deadlineHeaders, routeDeadline } from "./deadline.ts";
import { retry } from "./retry.ts";

const once = { name: "once", again: () => undefined };
const hanging = (): object => ({});
const requestUntil = (deadlineAt: number): RequestContext => ({ deadlineAt, attempt: 1 }) as RequestContext;

describe("a deadline", () => {
  test("ends a call that is not answered in time", () => {
    const world = simulate(hanging);

    const run = world.through(deadline({ total: "2s" }, world.runtime)).one();

    expect(run).toMatchObject({ attempts: 1, sent: 1, error: "ENMESH_DEADLINE_EXCEEDED", elapsedMs: 2_000 });
  });

  test("covers every attempt and all waiting between them", () => {
    const world = simulate(scripted([500], 300));
    world.through(deadline({ total: "1s" }, world.runtime), retry({ attempts: 10, jitter: "none" }, world.runtime));

    const run = world.one();

    expect(run.elapsedMs).toBeLessThanOrEqual(1_000);
    expect(run).toMatchObject({ attempts: 3, sent: 3 });
  });

  test("of the call's own stands in place of the default, also when it is later", () => {
    const world = simulate(scripted([200], 15_000));
    const own = { name: "own", admit: (call: { deadlineAt: number }): undefined => void (call.deadlineAt = 20_000) };

    const run = world.through(own, deadline({}, world.runtime)).one();

    expect(run).toMatchObject({ status: 200, elapsedMs: 15_000 });
  });

  test("is never later than whoever asked still waits, less a reserve for our own answer", () => {
    const world = simulate(hanging);
    world.through(deadline({ hopReserve: "5ms" }, world.runtime));

    const run = runInContext(requestUntil(600), () => world.one());

    expect(run).toMatchObject({ error: "ENMESH_DEADLINE_EXCEEDED", elapsedMs: 595 });
  });

  test("that has passed already sends nothing", () => {
    const world = simulate(scripted([200]));
    world.through(deadline({}, world.runtime));
    world.time.advance(1_000);

    const run = runInContext(requestUntil(1_003), () => world.one());

    expect(run).toMatchObject({ attempts: 0, sent: 0, error: "ENMESH_DEADLINE_EXCEEDED" });
  });
});

describe("a rule's timeout", () => {
  const plan = (timeoutMs: number): object => ({
    name: "route",
    admit: (call: object): undefined => void Object.assign(call, { plan: { name: "p", timeoutMs } }),
  });
  const elapsed = (timeoutMs: number, own?: number, inherited = Number.POSITIVE_INFINITY): number => {
    const world = simulate(hanging);
    const limit = {
      name: "own",
      admit: (call: { deadlineAt: number }): undefined => void (call.deadlineAt = own ?? Infinity),
    };
    world.through(limit, deadline({}, world.runtime), plan(timeoutMs) as never, routeDeadline());
    return runInContext(requestUntil(inherited), () => world.one()).elapsedMs;
  };

  test("stands in place of the default, shorter or longer", () => {
    expect([elapsed(300), elapsed(30_000)]).toEqual([300, 30_000]);
  });

  test("does not put off the limit that the caller set, nor the one of whoever waits for us", () => {
    expect([elapsed(30_000, 100), elapsed(300, 60_000), elapsed(30_000, undefined, 2_020)]).toEqual([100, 300, 2_000]);
  });
});

describe("an attempt's timeout", () => {
  test("ends the attempt, and the next one has its own time", () => {
    let asked = 0;
    const world = simulate(() => ((asked += 1) === 1 ? {} : { status: 200, afterMs: 900 }));
    world.through(retry({ jitter: "none" }, world.runtime), attemptTimeout({ timeout: "1s" }));

    const run = world.one();

    expect(run).toMatchObject({ attempts: 2, sent: 2, status: 200, elapsedMs: 1_000 + 50 + 900 });
  });

  test("begins when the attempt begins, not while the call waits for something else", () => {
    const world = simulate(scripted([200], 900));
    const discovery = { name: "discovery", admit: () => ({ type: "wait", forMs: 2_500 }) as const };
    const queue = { name: "queue", admit: () => ({ type: "wait", forMs: 700 }) as const };
    world.through(discovery, once, queue, attemptTimeout({ timeout: "1s" }));

    expect(world.one()).toMatchObject({ status: 200, elapsedMs: 2_500 + 700 + 900 });
  });

  test("is half of what is left, when that is less than twice as much and the call may be repeated", () => {
    const limitOf = (method: string, totalMs: number): number | undefined => {
      let limit: number | undefined;
      const world = simulate((attempt) => ((limit = attempt.attemptDeadlineAt), { status: 200 }), { method });
      world.through(deadline({ total: totalMs }, world.runtime), once, attemptTimeout({})).one();
      return limit;
    };

    expect([limitOf("GET", 10_000), limitOf("GET", 4_000), limitOf("GET", 1_500)]).toEqual([3_000, 2_000, 1_000]);
    expect(limitOf("POST", 4_000)).toBe(3_000);
  });

  test("does not count for the body: an answer that began may take its time", () => {
    const world = simulate((attempt) => {
      world.time.schedule(new Later(() => void attempt.answered(answered(200, 10))), 10);
      world.time.schedule(new Later(() => attempt.finish()), 5_000);
      return {};
    });
    world.through(once, attemptTimeout({ timeout: "1s" }));

    expect(world.one()).toMatchObject({ status: 200, elapsedMs: 5_000 });
  });

  test("says that it stands after the loop, when it does not", () => {
    const world = simulate(scripted([200]));

    const run = world.through(attemptTimeout({})).one();

    expect(run).toMatchObject({ sent: 0, error: "ENMESH_POLICY_FAILED" });
    expect(run.outcome.refusal?.message).toContain("it stands after retry");
  });
});

describe("the next hop", () => {
  const headersOf = (attempt: SimulatedAttempt | undefined): object => {
    const pairs = attempt?.addedHeaders ?? [];
    return Object.fromEntries(pairs.flatMap((name, at) => (at % 2 === 0 ? [[name, pairs[at + 1]]] : [])));
  };

  test("is told how long somebody waits, and which attempt it is, from the second one on", () => {
    const seen: object[] = [];
    const world = simulate((attempt) => (seen.push(headersOf(attempt)), { status: 500, afterMs: 100 }));
    world.through(
      deadline({ total: 1_000 }, world.runtime),
      retry({ attempts: 2, jitter: "none" }, world.runtime),
      attemptTimeout({ timeout: 900 }),
      deadlineHeaders(),
    );

    world.one();

    expect(seen).toEqual([
      { "x-enmesh-deadline-ms": "1000;answer=900" },
      { "x-enmesh-deadline-ms": "850", "x-enmesh-attempt": "2" },
    ]);
  });

  test("is told the answer's limit alone, when the call has none", () => {
    const seen: object[] = [];
    const world = simulate((attempt) => (seen.push(headersOf(attempt)), { status: 200 }));
    world.through(once, attemptTimeout({ timeout: 900 }), deadlineHeaders());

    world.one();

    expect(seen).toEqual([{ "x-enmesh-deadline-ms": ";answer=900" }]);
  });

  test("is told that it is part of a repetition, when the request that it serves is one", () => {
    const seen: object[] = [];
    const world = simulate((attempt) => (seen.push(headersOf(attempt)), { status: 200 }));
    world.through(once, deadlineHeaders());

    runInContext({ ...requestUntil(Number.POSITIVE_INFINITY), attempt: 3 }, () => world.one());

    expect(seen).toEqual([{ "x-enmesh-attempt": "3" }]);
  });

  test("of a caller with a second left, after 400 ms, has 580 ms", () => {
    const b = simulate(hanging);
    b.through(deadline({}, b.runtime));
    b.time.advance(400);

    const exchange = runInContext(requestUntil(1_000), () => b.start());

    expect(exchange.deadlineAt - b.time.now()).toBe(580);
  });
});
