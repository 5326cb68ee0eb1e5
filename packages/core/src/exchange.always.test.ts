import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Attempt } from "./attempt.ts";
import { answered, failed } from "./classify.ts";
import { Destination } from "./endpoint.ts";
import { Exchange } from "./exchange.ts";
import type { Outcome } from "./outcome.ts";
import { type Pipeline, pipeline, type RoutedPipeline } from "./pipeline.ts";
import { type Policy, type Refusal, refuse, type Repeat, type Wait } from "./policy.ts";
import type { RoutedCall } from "./call.ts";
import { createRuntime, type Runtime } from "./runtime.ts";
import { VirtualTime } from "./simulation/virtual-time.ts";
import { TimerCallback } from "./timers.ts";

fc.configureGlobal({ seed: 1 });

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
  const runtime = createRuntime({ clock: time, timers: time, random: () => 0.5 });
  return { time, runtime };
}

const no = refuse("ENMESH_CIRCUIT_OPEN", "no");
const notNow = refuse("ENMESH_NO_ENDPOINT", "not now", { retryable: true });
const bug = (): never => {
  throw new Error("a bug");
};
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
        const admitted = (): void => note(who, `+${index}`);
        /** Stands in a queue, is called after a while, or at once, and leaves when it gives up. */
        const queue = (ms: number | "same tick" | "never", refusal?: Refusal): Wait => ({
          type: "wait",
          begin: (resume) => {
            let isWaiting = true;
            const leave = (): void => {
              if (isWaiting) places.waiting -= 1;
              isWaiting = false;
            };
            const arrive = (): void => {
              if (!isWaiting) return;
              leave();
              if (refusal === undefined) admitted();
              resume(refusal);
            };
            places.waiting += 1;
            if (ms === "same tick") arrive();
            else if (ms === "never") exchange.cancel();
            else time.schedule(new TimerCallback(arrive), ms);
            return leave;
          },
        });
        const timed = (): (() => void) => {
          places.waiting += 1;
          return () => {
            places.waiting -= 1;
            if (exchange.stopped === undefined) admitted();
          };
        };
        const answers: Record<(typeof admitSteps)[number], () => Refusal | Wait | undefined> = {
          pass: () => void admitted(),
          refuse: () => no,
          "refuse, retryable": () => notNow,
          throw: bug,
          cancel: () => {
            exchange.cancel();
            return void admitted();
          },
          "cancel and refuse": () => {
            exchange.cancel();
            return no;
          },
          "cancel and wait": () => {
            exchange.cancel();
            return queue(5);
          },
          "wait 5": () => ({ type: "wait", forMs: 5, begin: timed }),
          "wait for a place": () => queue(7),
          "wait for a place in vain": () => queue(7, no),
          "resume at once": () => queue("same tick"),
          "refuse at once": () => queue("same tick", no),
          "cancel while the wait begins": () => queue("never"),
          "throw while the wait begins": () => ({ type: "wait", begin: bug }),
        };
        return answers[admit[turn++ % admit.length] ?? "pass"]();
      },
      settle: (who) => {
        note(who, `-${index}`);
        if (settle === "throw") bug();
        if (settle === "cancel") exchange.cancel();
      },
    };
  };

  let asked = 0;
  const repeat: Repeat<RoutedCall> = {
    name: "loop",
    again: () => {
      const step = again[asked++];
      if (step === "throw") bug();
      if (step !== "cancel") return step as number | undefined;
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
      { numRuns: 3_000 },
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
      { numRuns: 3_000 },
    );
  });

  test("no place in a queue is left behind", () => {
    fc.assert(
      fc.property(scenario, (given) => {
        expect(play(given).places.waiting).toBe(0);
      }),
      { numRuns: 3_000 },
    );
  });
});
