import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { RoutedCall } from "./call.ts";
import { pipeline, type RoutedPipeline } from "./pipeline.ts";
import { type Policy, refuse } from "./policy.ts";
import { type Run, scripted, simulate, simulatedEndpoint, type SimulatedExchange } from "./simulation/index.ts";

fc.configureGlobal({ seed: 1 });

describe("a call that is stopped while its policies decide", () => {
  test("is sent no more, and the policy that was being asked is told", () => {
    const told: string[] = [];
    const simulation = simulate(scripted([200]));
    const cancelling: Policy<RoutedCall> = {
      name: "cancelling",
      admit: (call) => void (call as SimulatedExchange).cancel("changed my mind"),
      settle: (_call, outcome) => void told.push(`asked: ${outcome.cause}`),
    };
    const outer: Policy<RoutedCall> = { name: "outer", settle: () => void told.push("outer") };
    const next: Policy<RoutedCall> = { name: "next", settle: () => void told.push("next") };

    const run = simulation.through(outer, cancelling, next).one();

    expect(run).toMatchObject({ sent: 0, error: "ENMESH_CANCELLED" });
    expect(told).toEqual(["asked: cancelled", "outer"]);
  });

  test("is repeated no more when its caller leaves while an attempt is settled", () => {
    const simulation = simulate(scripted([503, 200]));
    simulation.through({ name: "loop", again: () => 0 }, { name: "leaving", settle: () => exchange.cancel() });
    let run: unknown;

    const exchange = simulation.start((ended) => (run = ended));
    simulation.time.advance(10);

    expect(run).toMatchObject({ attempts: 1, sent: 1, error: "ENMESH_CANCELLED" });
  });
});

describe("a wait", () => {
  test("for a place is never ended by the timer of an earlier attempt", () => {
    const simulation = simulate(scripted([503]));
    let asked = 0;
    simulation.through(
      { name: "loop", again: (call) => (call.attempt < 2 ? 0 : undefined) },
      { name: "limit", admit: (attempt): undefined => void (attempt.attemptDeadlineAt = 50) },
      { name: "queue", admit: () => (++asked === 2 ? { type: "wait", begin: () => () => {} } : undefined) },
    );

    const exchange = simulation.start();
    simulation.time.advance(10_000);

    expect({ isOver: exchange.isOver, sent: simulation.sent }).toEqual({ isOver: false, sent: 1 });
  });

  test("for a place is never ended by the timer of the deadline, whatever floating point makes of it", () => {
    const instants = fc.double({ min: 0, max: 1_000, noNaN: true });
    fc.assert(
      fc.property(instants, instants, (now, remainingMs) => {
        const simulation = simulate(scripted([200]));
        const deadlineAt = 1.5 * now + remainingMs;
        simulation.time.advance(now);
        simulation.through(
          { name: "limit", admit: (call): undefined => void (call.deadlineAt = deadlineAt) },
          { name: "queue", admit: () => ({ type: "wait", begin: () => () => {} }) },
        );

        const run = simulation.one();

        expect(run).toMatchObject({ attempts: 0, sent: 0, error: "ENMESH_DEADLINE_EXCEEDED" });
      }),
      // Here the sum of now and of what remains falls short of the deadline by the last bit.
      { numRuns: 500, examples: [[325.2278558784074, 856.4755770611024 - 1.5 * 325.2278558784074]] },
    );
  });

  test("is not part of the attempt's own time", () => {
    const simulation = simulate(scripted([200], 4));
    simulation.through({ name: "discovery", admit: () => ({ type: "wait", forMs: 2_900 }) });

    const run = simulation.one();

    expect(run).toMatchObject({ elapsedMs: 2_904, outcome: { elapsedMs: 4 } });
  });

  test("that outlives the deadline unnoticed sends nothing when its place comes at last", () => {
    const simulation = simulate(scripted([200]));
    let resume: () => void = () => {};
    const begin = (go: () => void): (() => void) => {
      resume = go;
      return () => {};
    };
    simulation.through(
      { name: "loop", again: () => undefined },
      { name: "limit", admit: (call): undefined => void (call.deadlineAt = 10) },
      { name: "queue", admit: () => ({ type: "wait", begin }) },
    );
    // Timers that are late: our own event loop was blocked.
    Object.assign(simulation.runtime, { timers: { schedule: () => {}, cancel: () => {} } });
    const runs: Run[] = [];

    simulation.start((run) => runs.push(run));
    simulation.time.advance(50);
    resume();

    expect(runs).toMatchObject([{ sent: 0, error: "ENMESH_DEADLINE_EXCEEDED", outcome: { mayHaveRun: false } }]);
  });
});

describe("a policy with a bug", () => {
  test("that throws on the way in refuses the call and says which it was", () => {
    const simulation = simulate(scripted([200]));
    const buggy: Policy<RoutedCall> = {
      name: "buggy",
      admit: () => {
        throw new Error("no such field");
      },
    };

    const run = simulation.through(buggy).one();

    expect(run).toMatchObject({ sent: 0, error: "ENMESH_POLICY_FAILED" });
    expect(run.outcome.refusal?.message).toBe('the policy "buggy" threw: no such field; mend that policy');
  });

  test("that throws on the way out is reported, and harms nobody", () => {
    const simulation = simulate(scripted([200]));
    const buggy: Policy<RoutedCall> = {
      name: "buggy",
      settle: () => {
        throw new Error("no such field");
      },
    };

    const run = simulation.through(buggy).one();

    expect(run).toMatchObject({ sent: 1, status: 200 });
    expect(simulation.events).toMatchObject([{ type: "policy.failed", policy: "buggy" }]);
  });
});

describe("what failed", () => {
  test("is kept with the endpoint of its own attempt, not with that of the one before", () => {
    const simulation = simulate(() => ({ fails: "connect" }));
    const other = simulatedEndpoint("other");
    const built = (pipeline() as unknown as RoutedPipeline)
      .repeat({ name: "loop", again: (call) => (call.attempt < 2 ? 0 : undefined) })
      .through({
        name: "gate",
        admit: (call) => (call.attempt === 2 ? refuse("ENMESH_CIRCUIT_OPEN", "no") : undefined),
      })
      .balance({ name: "balance", pick: () => other })
      .build();

    const exchange = simulation.along(built).start();
    simulation.time.advance(10);

    expect(exchange.failures).toMatchObject([
      { attempt: 1, endpoint: other, cause: "connect" },
      { attempt: 2, cause: "refused", message: "ENMESH_CIRCUIT_OPEN" },
    ]);
    expect(exchange.failures[1]?.endpoint).not.toBe(other);
  });
});

describe("an endpoint", () => {
  test("owes no rest of an answer once its calls are over", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(200, 404, 503), { minLength: 1, maxLength: 4 }),
        fc.nat(40),
        (statuses, at) => {
          const simulation = simulate(scripted(statuses, 7));
          simulation.through({ name: "loop", again: (call) => (call.attempt < 4 ? 3 : undefined) });
          const exchange = simulation.start();

          simulation.time.advance(at);
          exchange.cancel();

          expect(simulation.endpoint.health.answering).toBe(0);
        },
      ),
    );
  });
});
