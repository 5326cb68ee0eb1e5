import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Attempt } from "./attempt.ts";
import { answered, failed } from "./classify.ts";
import { Destination } from "./endpoint.ts";
import { EventChannel } from "./events.ts";
import { Exchange } from "./exchange.ts";
import type { Outcome } from "./outcome.ts";
import { type Pipeline, pipeline, type RoutedPipeline } from "./pipeline.ts";
import { type Policy, refuse, type Repeat, type Wait } from "./policy.ts";
import type { RoutedCall } from "./call.ts";
import type { Runtime } from "./runtime.ts";
import { scripted, simulate, type SimulatedExchange } from "./simulation/index.ts";
import { VirtualTime } from "./simulation/virtual-time.ts";
import { TimerCallback } from "./timers.ts";

type Reply = { readonly in: number | "same tick" } & (
  | { readonly status: number; readonly bodyMs: number | "same tick" }
  | { readonly fails: "connect" | "reset" }
  | object
);

/** A call over a transport that may answer, fail or break off in the same tick as it is asked. */
class ScriptedExchange extends Exchange {
  readonly method = "GET";
  readonly path = "/";
  readonly isIdempotent = true;
  readonly isReplayable = true;
  readonly delivered: Outcome[] = [];
  readonly time: VirtualTime;
  readonly replies: readonly Reply[];
  sent = 0;

  constructor(runtime: Runtime, time: VirtualTime, built: Pipeline, replies: readonly Reply[]) {
    super(runtime, built, "orders");
    this.time = time;
    this.replies = replies;
    this.destination = new Destination("orders");
    this.plan = { name: "test" };
  }

  header(): undefined {
    return undefined;
  }
  protected createAttempt(): Attempt {
    return new ScriptedAttempt(this);
  }
  protected deliver(outcome: Outcome): void {
    this.delivered.push(outcome);
  }
}

class ScriptedAttempt extends Attempt {
  declare readonly exchange: ScriptedExchange;

  // oxlint-disable-next-line no-useless-constructor
  constructor(exchange: ScriptedExchange) {
    super(exchange);
  }

  protected send(): void {
    const reply = this.exchange.replies[this.exchange.sent++ % this.exchange.replies.length] as Reply;
    if ("fails" in reply) this.#later(reply.in, () => this.fail(failed(reply.fails, new Error(reply.fails), 1)));
    else if ("status" in reply) {
      this.#later(reply.in, () => {
        if (this.answered(answered(reply.status, 1))) this.#later(reply.bodyMs, () => this.finish());
      });
    }
  }

  protected abandon(reason: Error): void {
    // The rudest of transports: it says what it was told.
    this.fail(failed("reset", reason, 1));
  }

  #later(ms: number | "same tick", then: () => void): void {
    if (ms === "same tick") then();
    else this.exchange.time.schedule(new TimerCallback(then), ms);
  }
}

function world(): { time: VirtualTime; runtime: Runtime } {
  const time = new VirtualTime();
  const runtime = {
    clock: time,
    timers: time,
    random: () => 0.5,
    events: new EventChannel(),
    distrustsItselfUntil: 0,
  };
  return { time, runtime };
}

const admitSteps = [
  "pass",
  "refuse",
  "refuse, retryable",
  "throw",
  "cancel",
  "cancel and refuse",
  "wait 5",
  "wait for a place",
  "wait for a place in vain",
  "resume at once",
  "refuse at once",
  "cancel while the wait begins",
  "throw while the wait begins",
  "cancel and wait",
] as const;
const settleSteps = ["nothing", "throw", "cancel"] as const;
const againSteps = [undefined, 0, 3, 200, "cancel", "throw"] as const;

type Scenario = {
  readonly call: readonly PolicyScript[];
  readonly attempt: readonly PolicyScript[];
  readonly again: readonly (typeof againSteps)[number][];
  readonly replies: readonly Reply[];
  readonly cancelAt: number | undefined;
};
type PolicyScript = {
  readonly admit: readonly (typeof admitSteps)[number][];
  readonly settle: (typeof settleSteps)[number];
};

const script: fc.Arbitrary<PolicyScript> = fc.record({
  admit: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constant("pass" as const) },
      { weight: 4, arbitrary: fc.constantFrom(...admitSteps) },
    ),
    { minLength: 1, maxLength: 3 },
  ),
  settle: fc.oneof({ weight: 5, arbitrary: fc.constant("nothing" as const) }, fc.constantFrom(...settleSteps)),
});
const delay = fc.constantFrom("same tick" as const, 0, 1, 20, 120);
const reply: fc.Arbitrary<Reply> = fc.oneof(
  fc.record({ in: delay, status: fc.constantFrom(200, 404, 503), bodyMs: delay }),
  fc.record({ in: delay, fails: fc.constantFrom("connect" as const, "reset" as const) }),
  fc.record({ in: delay }),
);
const scenario: fc.Arbitrary<Scenario> = fc.record({
  call: fc.array(script, { maxLength: 3 }),
  attempt: fc.array(script, { maxLength: 3 }),
  again: fc.array(fc.constantFrom(...againSteps), { minLength: 1, maxLength: 4 }),
  replies: fc.array(reply, { minLength: 1, maxLength: 3 }),
  cancelAt: fc.option(fc.constantFrom(0, 1, 2, 5, 50, 100), { nil: undefined }),
});

interface Played {
  readonly exchange: ScriptedExchange;
  /** `+0` when policy 0 of a scope admitted, `-0` when it was told the outcome; per call and per attempt. */
  readonly journals: Map<object, string[]>;
  readonly places: { taken: number; waiting: number };
}

/** Plays a scenario to its end: every call has 100 ms. */
function play({ call, attempt, again, replies, cancelAt }: Scenario): Played {
  const { time, runtime } = world();
  const journals = new Map<object, string[]>();
  const places = { taken: 0, waiting: 0 };
  const note = (who: object, what: string): void => void journals.set(who, [...(journals.get(who) ?? []), what]);

  const policyOf = ({ admit, settle }: PolicyScript, index: number, name: string): Policy<RoutedCall> => {
    let turn = 0;
    return {
      name: `${name} ${index}`,
      admit: (who) => {
        const step = admit[turn++ % admit.length];
        const admitted = (): void => note(who, `+${index}`);
        const place = (ms: number | "same tick", refusal = false): Wait => ({
          type: "wait",
          begin: (resume) => {
            places.waiting += 1;
            let isWaiting = true;
            const leave = (): void => {
              if (isWaiting) places.waiting -= 1;
              isWaiting = false;
            };
            const arrive = (): void => {
              if (!isWaiting) return;
              leave();
              if (!refusal) admitted();
              resume(refusal ? refuse("ENMESH_BULKHEAD_FULL", "no place") : undefined);
            };
            if (ms === "same tick") arrive();
            else time.schedule(new TimerCallback(arrive), ms);
            return leave;
          },
        });
        switch (step) {
          case "refuse":
            return refuse("ENMESH_CIRCUIT_OPEN", "no");
          case "refuse, retryable":
            return refuse("ENMESH_NO_ENDPOINT", "not now", { retryable: true });
          case "throw":
            throw new Error("a bug");
          case "cancel and refuse":
            exchange.cancel();
            return refuse("ENMESH_CIRCUIT_OPEN", "no");
          case "cancel and wait":
            exchange.cancel();
            return place(5);
          case "wait 5":
            return {
              type: "wait",
              forMs: 5,
              begin: (_resume) => {
                places.waiting += 1;
                // Whoever waits for a time admits when it goes on; the engine gives the place up first.
                return () => {
                  places.waiting -= 1;
                  if (!exchange.isOver && exchange.stopped === undefined) admitted();
                };
              },
            };
          case "wait for a place":
            return place(7);
          case "wait for a place in vain":
            return place(7, true);
          case "resume at once":
            return place("same tick");
          case "refuse at once":
            return place("same tick", true);
          case "cancel while the wait begins":
            return {
              type: "wait",
              begin: () => {
                places.waiting += 1;
                exchange.cancel();
                return () => void (places.waiting -= 1);
              },
            };
          case "throw while the wait begins":
            return {
              type: "wait",
              begin: () => {
                throw new Error("a bug");
              },
            };
          case "cancel":
            exchange.cancel();
            admitted();
            return undefined;
          default:
            admitted();
            return undefined;
        }
      },
      settle: (who) => {
        note(who, `-${index}`);
        if (settle === "throw") throw new Error("a bug");
        if (settle === "cancel") exchange.cancel();
      },
    };
  };

  let asked = 0;
  const repeat: Repeat<RoutedCall> = {
    name: "loop",
    again: () => {
      const step = again[asked++];
      if (step === "throw") throw new Error("a bug");
      if (step !== "cancel") return step;
      exchange.cancel();
      return 0;
    },
  };
  const limit: Policy<RoutedCall> = { name: "limit", admit: (who): undefined => void (who.deadlineAt = 100) };
  const built = (pipeline() as unknown as RoutedPipeline)
    .through(limit, ...call.map((one, index) => policyOf(one, index, "call")))
    .repeat(repeat)
    .through(...attempt.map((one, index) => policyOf(one, index, "attempt")))
    .build();
  const exchange = new ScriptedExchange(runtime, time, built, replies);
  if (cancelAt !== undefined) time.schedule(new TimerCallback(() => exchange.cancel()), cancelAt);

  exchange.begin();
  time.advance(1_000);

  return { exchange, journals, places };
}

describe("whatever policies, transport, timers and caller do, and whenever they do it", () => {
  test("a call is delivered exactly once", () => {
    fc.assert(
      fc.property(scenario, (given) => {
        const { exchange } = play(given);

        expect(exchange.delivered).toHaveLength(1);
        expect(exchange.isOver).toBe(true);
      }),
      { numRuns: 3_000, seed: 1 },
    );
  });

  test("each policy that admitted a call is told its outcome exactly once, in reverse order, and nobody else is", () => {
    fc.assert(
      fc.property(scenario, (given) => {
        const { journals } = play(given);

        for (const journal of journals.values()) {
          const admitted = journal.filter((entry) => entry.startsWith("+")).map((entry) => entry.slice(1));
          const settled = journal.filter((entry) => entry.startsWith("-")).map((entry) => entry.slice(1));
          expect(journal).toEqual([...admitted.map((one) => `+${one}`), ...settled.map((one) => `-${one}`)]);
          expect(settled).toEqual(admitted.toReversed());
        }
      }),
      { numRuns: 3_000, seed: 2 },
    );
  });

  test("no place in a queue is left behind", () => {
    fc.assert(
      fc.property(scenario, (given) => {
        expect(play(given).places.waiting).toBe(0);
      }),
      { numRuns: 3_000, seed: 3 },
    );
  });

  test("an endpoint's answering attempts come back to none", () => {
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

  test("until a deadline that floating point cannot hit does not let the call slip through", () => {
    const simulation = simulate(scripted([200]));
    simulation.time.advance(0.1);
    simulation.through(
      { name: "limit", admit: (call): undefined => void (call.deadlineAt = 0.8) },
      { name: "queue", admit: () => ({ type: "wait", begin: () => () => {} }) },
    );

    const run = simulation.one();

    expect(run).toMatchObject({ attempts: 0, sent: 0, error: "ENMESH_DEADLINE_EXCEEDED" });
  });

  test("is not part of the attempt's own time", () => {
    const simulation = simulate(scripted([200], 4));
    simulation.through({ name: "discovery", admit: () => ({ type: "wait", forMs: 2_900 }) });

    const run = simulation.one();

    expect(run).toMatchObject({ elapsedMs: 2_904, outcome: { elapsedMs: 4 } });
  });

  test("that outlives the deadline unnoticed sends nothing when its place comes at last", () => {
    const { time, runtime } = world();
    let resume: () => void = () => {};
    const late: Policy<RoutedCall> = {
      name: "queue",
      admit: (call) => {
        call.deadlineAt = 10;
        return { type: "wait", begin: (go) => ((resume = go), () => {}) };
      },
    };
    const built = (pipeline() as unknown as RoutedPipeline).repeat(undefined).through(late).build();
    const timers = { schedule: () => {}, cancel: () => {} };
    const exchange = new ScriptedExchange({ ...runtime, timers }, time, built, [{ in: 1, status: 200, bodyMs: 1 }]);

    exchange.begin();
    time.advance(50);
    resume();

    expect(exchange).toMatchObject({ sent: 0, delivered: [{ cause: "deadline", mayHaveRun: false }] });
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
  test("is kept with the endpoint of its own attempt, and with none when it never had one", () => {
    const { time, runtime } = world();
    let asked = 0;
    const built = (pipeline() as unknown as RoutedPipeline)
      .repeat({ name: "loop", again: (call) => (call.attempt < 2 ? 0 : undefined) })
      .through({ name: "gate", admit: () => (++asked === 2 ? refuse("ENMESH_CIRCUIT_OPEN", "no") : undefined) })
      .balance({ name: "balance", pick: () => endpoint })
      .build();
    const { endpoint } = simulate(scripted([200]));
    const exchange = new ScriptedExchange(runtime, time, built, [{ in: "same tick", fails: "connect" }]);

    exchange.begin();

    expect(exchange.failures).toMatchObject([
      { attempt: 1, endpoint, cause: "connect" },
      { attempt: 2, endpoint: undefined, cause: "refused", message: "ENMESH_CIRCUIT_OPEN" },
    ]);
  });
});
