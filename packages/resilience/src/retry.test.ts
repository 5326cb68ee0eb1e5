import { Destination, type RequestContext, runInContext } from "@enmesh/core";
import {
  scripted,
  simulate,
  simulatedEndpoint,
  type Simulation,
  type SimulationOptions,
  type Upstream,
} from "@enmesh/core/simulation";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { deadline } from "./deadline.ts";
import { retry, type RetryOptions } from "./retry.ts";

fc.configureGlobal({ seed: 1 });

function retrying(upstream: Upstream, options: RetryOptions = {}, how: SimulationOptions = {}): Simulation {
  const world = simulate(upstream, how);
  return world.through(deadline({}, world.runtime), retry(options, world.runtime));
}

const requestOf = (attempt: number): RequestContext =>
  ({ attempt, deadlineAt: Number.POSITIVE_INFINITY }) as RequestContext;

describe("retry", () => {
  test("repeats what failed until it succeeds", () => {
    const run = retrying(scripted([503, 500, 200])).one();

    expect(run).toMatchObject({ attempts: 3, sent: 3, status: 200 });
  });

  test("tries three times in all, unless told otherwise", () => {
    expect(retrying(scripted([503])).one()).toMatchObject({ attempts: 3, sent: 3, status: 503 });
    expect(retrying(scripted([503]), { attempts: 5 }).one()).toMatchObject({ attempts: 5, sent: 5 });
    expect(retrying(scripted([503]), { attempts: 1 }).one()).toMatchObject({ attempts: 1, sent: 1 });
  });

  test("waits as its backoff says, and longer after an upstream that had no room", () => {
    const jitter = "none";
    const failing = retrying(scripted([500]), { jitter }).one();
    const throttled = retrying(scripted([429]), { jitter }).one();

    expect(failing.elapsedMs).toBe(1 + 50 + 1 + 100 + 1);
    expect(throttled.elapsedMs).toBe(1 + 500 + 1 + 1_000 + 1);
  });

  test("with decorrelated jitter grows from its own last wait", () => {
    const world = simulate(scripted([500]));
    const runtime = { ...world.runtime, random: () => 0.999_999 };
    world.through(retry({ jitter: "decorrelated", attempts: 4 }, runtime));

    expect(Math.round(world.one().elapsedMs)).toBe(4 + 150 + 450 + 1_350);
  });

  test("never repeats what may have run and is not idempotent", () => {
    expect(retrying(scripted([500]), {}, { method: "POST" }).one()).toMatchObject({
      attempts: 1,
      sent: 1,
      status: 500,
    });
    expect(retrying(scripted([429, 200]), {}, { method: "POST" }).one()).toMatchObject({
      attempts: 2,
      sent: 2,
      status: 200,
    });
  });

  test("never repeats what blames the caller, or cannot succeed", () => {
    for (const status of [400, 404, 409, 501, 505]) {
      expect(retrying(scripted([status])).one()).toMatchObject({ attempts: 1, status });
    }
  });

  test("asks `when` on top of what is safe", () => {
    const asked: number[] = [];
    const when: RetryOptions["when"] = ({ outcome }) => asked.push(outcome.status) > 1;

    expect(retrying(scripted([503]), { when }).one()).toMatchObject({ attempts: 1 });
    expect(retrying(scripted([404]), { when }).one()).toMatchObject({ attempts: 1 });
    expect(asked).toEqual([503]);
  });

  test("ends the call, and does not hang it, when `when` throws", () => {
    const when = (): never => {
      throw new Error("a bug");
    };
    const world = retrying(scripted([503]), { when });

    expect(world.one()).toMatchObject({ attempts: 1, status: 503 });
    expect(world.events).toMatchObject([{ type: "policy.failed", policy: "retry" }]);
  });

  test("reports each repetition: which attempt failed, how, and when the next one comes", () => {
    const world = retrying(scripted([503, 200]), { jitter: "none" });

    world.one();

    expect(world.events).toEqual([
      {
        type: "retry.attempt",
        destination: "upstream",
        attempt: 1,
        kind: "transient",
        cause: undefined,
        status: 503,
        waitMs: 50,
      },
    ]);
  });
});

describe("an upstream that says when to come back", () => {
  const saying = (retryAfterMs: number): Upstream => {
    let asked = 0;
    return () => ((asked += 1) === 1 ? { status: 503, retryAfterMs } : { status: 200 });
  };

  test("is asked again then, and at most a tenth later", () => {
    const run = retrying(saying(4_000)).one();

    expect(run).toMatchObject({ attempts: 2, status: 200 });
    expect(run.elapsedMs).toBeGreaterThanOrEqual(4_000);
    expect(run.elapsedMs).toBeLessThanOrEqual(4_402);
  });

  test("later than the call has time is asked no more: the call ends at once, its budget untouched", () => {
    const world = simulate(saying(1_000));
    world.through(deadline({ total: 800 }, world.runtime), retry({}, world.runtime));

    const run = world.one();

    expect(run).toMatchObject({ attempts: 1, sent: 1, status: 503, outcome: { retryAfterMs: 1_000 } });
    expect(run.elapsedMs).toBeLessThan(50);
    expect(world.events).toEqual([]);
  });

  test("later than ten seconds is asked no more, and the hint stays with the outcome", () => {
    expect(retrying(saying(11_000)).one()).toMatchObject({ attempts: 1, outcome: { retryAfterMs: 11_000 } });
  });
});

describe("the retry budget", () => {
  test("keeps an upstream that fails for good at a fifth more calls, and the minimum", () => {
    const world = retrying(scripted([500]));

    const runs = world.many(20_000, 1);

    const retries = world.sent - runs.length;
    expect(retries).toBeLessThanOrEqual(0.2 * runs.length + 3 * (20 + 10));
    expect(retries).toBeGreaterThan(0.15 * runs.length);
  });

  test("when it is spent leaves the upstream's own answer, says so, and asks nobody again", () => {
    const world = retrying(scripted([500]), { budget: { ratio: 0, minRetriesPerSecond: 0 } });

    const exchange = world.start();
    world.time.advance(10);

    expect([exchange.attempt, exchange.retryBudgetExhausted]).toEqual([1, true]);
    expect(world.events).toEqual([{ type: "retry.budget_exhausted", destination: "upstream" }]);
  });

  test("is shared by the versions of a service", () => {
    const world = simulate(scripted([500]));
    const loop = retry({ budget: { ratio: 0, minRetriesPerSecond: 1, ttlMs: 1_000 } }, world.runtime);
    const other = simulate(scripted([500]), { time: world.time, destination: new Destination("upstream", "v2") });

    const runs = [world.through(loop).one(), other.through(loop).one()];

    expect(runs.map(({ attempts }) => attempts)).toEqual([2, 1]);
  });

  test("is checked when the policy is made", () => {
    const { runtime } = simulate(scripted([200]));

    expect(() => retry({ budget: { ratio: -1 } }, runtime)).toThrow("ratio: must be 0 to 1000, got -1");
  });
});

describe("an attempt that found nobody listening", () => {
  const among = (count: number): Destination => {
    const destination = new Destination("upstream");
    const endpoints = Array.from({ length: count }, (_, index) => simulatedEndpoint(`upstream-${index}`));
    destination.snapshot = { revision: 1, endpoints };
    return destination;
  };
  const refusing = (times: number): Upstream => {
    let asked = 0;
    return () => (asked++ < times ? { fails: "connect" } : { status: 200 });
  };

  test("is repeated at once and not counted while there are others to ask", () => {
    const run = retrying(refusing(3), { attempts: 2, jitter: "none", budget: false }, { destination: among(4) }).one();

    expect(run).toMatchObject({ attempts: 4, sent: 4, status: 200, elapsedMs: 4 });
  });

  test("is counted where there is no other, so that three tries are three", () => {
    for (const destination of [among(0), among(1)]) {
      expect(retrying(() => ({ fails: "connect" }), {}, { destination }).one()).toMatchObject({ attempts: 3, sent: 3 });
    }
  });

  test("is repeated whatever its method, and also below a caller that repeats: it reached nobody", () => {
    const world = retrying(refusing(1), {}, { destination: among(2), method: "POST" });

    expect(runInContext(requestOf(2), () => world.one())).toMatchObject({ attempts: 2, status: 200 });
  });

  test("never makes a call try more often than attempts and five", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.nat(20), (attempts, endpoints) => {
        const run = retrying(
          () => ({ fails: "connect" }),
          { attempts, budget: false },
          { destination: among(endpoints) },
        ).one();

        expect(run.attempts).toBeLessThanOrEqual(attempts + 5);
        expect(run.attempts).toBeGreaterThanOrEqual(attempts);
      }),
    );
  });
});

test("options that cannot be are refused all at once, in plain words", () => {
  const { runtime } = simulate(scripted([200]));
  const options = { attempts: 0, jitter: "some", maxBackoff: "soon", attmpts: 3 } as unknown as RetryOptions;

  expect(() => retry(options, runtime)).toThrow(
    expect.objectContaining({
      code: "ENMESH_OPTION_INVALID",
      problems: [
        { path: "attmpts", message: expect.stringContaining("no such option; there are attempts,") },
        { path: "attempts", message: "must be a whole number from 1 to 10, got 0" },
        { path: "jitter", message: "must be full, equal, decorrelated or none, got some" },
        { path: "maxBackoff", message: expect.stringContaining('"soon" is not a duration') },
      ],
    }),
  );
});
