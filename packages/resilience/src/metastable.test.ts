import { type Policy, type Repeat, type RoutedCall } from "@enmesh/core";
import { simulate, type Simulation } from "@enmesh/core/simulation";
import { describe, expect, test } from "vitest";

import { attemptTimeout } from "./attempt-timeout.ts";
import { deadline, deadlineHeaders } from "./deadline.ts";
import { retry, type RetryOptions } from "./retry.ts";

const capacityPerSecond = 500;
const outage = { fromMs: 5_000, untilMs: 15_000 };
const totalMs = 40_000;

interface Build {
  readonly budget: RetryOptions["budget"] & {};
  readonly discardsExpired: boolean;
}

/**
 * One server that works off a queue in order, at its capacity. For ten seconds it stands still. Callers wait a second for an
 * attempt. Tells, for each second, which share of the calls that were made in it was answered.
 */
function goodput(load: number, { budget, discardsExpired }: Build): { perSecond: number[]; amplification: number } {
  let freeAt = 0;
  const serviceMs = 1_000 / capacityPerSecond;
  const world: Simulation = simulate((attempt) => {
    const now = world.time.now();
    let startsAt = Math.max(now, freeAt);
    if (startsAt >= outage.fromMs && startsAt < outage.untilMs) startsAt = outage.untilMs;
    // The server knows from the header how long somebody waits; reading that costs nothing next to the work.
    const header = attempt.addedHeaders[attempt.addedHeaders.indexOf("x-enmesh-deadline-ms") + 1] ?? "";
    const told = Number(header.split(";answer=").at(-1));
    if (discardsExpired && startsAt > now + told) return {};
    freeAt = startsAt + serviceMs;
    return { status: 200, afterMs: freeAt - now };
  });
  const steps: (Policy<RoutedCall> | Repeat<RoutedCall>)[] = [
    deadline({ total: "5s" }, world.runtime),
    retry({ attempts: 4, initialBackoff: 100, backoffMultiplier: 1, budget }, world.runtime),
  ];
  world.through(...steps, attemptTimeout({ timeout: "1s" }), deadlineHeaders());

  const made: number[] = [];
  const answered: number[] = [];
  const everyMs = serviceMs / load;
  for (let at = 0; at < totalMs; at += everyMs) {
    const second = Math.floor(at / 1_000);
    made[second] = (made[second] ?? 0) + 1;
    world.start(({ status }) => {
      if (status === 200) answered[second] = (answered[second] ?? 0) + 1;
    });
    world.time.advance(everyMs);
  }
  const calls = made.reduce((sum, count) => sum + count, 0);
  world.time.advance(10_000);
  return { perSecond: made.map((count, second) => (answered[second] ?? 0) / count), amplification: world.sent / calls };
}

const budgeted = { ratio: 0.1, minRetriesPerSecond: 3 };
const second = (atMs: number): number => atMs / 1_000;

describe("at nine tenths of its capacity, a server that stood still for ten seconds", () => {
  test("is back within a second when retries have a budget and expired work is thrown away", () => {
    const { perSecond, amplification } = goodput(0.9, { budget: budgeted, discardsExpired: true });

    expect(Math.min(...perSecond.slice(second(outage.untilMs) + 1))).toBeGreaterThanOrEqual(0.95);
    expect(amplification).toBeLessThan(1.1);
  });

  test("never comes back when nothing limits the retries and it works for callers who left", () => {
    const { perSecond, amplification } = goodput(0.9, { budget: false, discardsExpired: false });

    expect(Math.max(...perSecond.slice(second(outage.untilMs) + 5))).toBeLessThan(0.1);
    expect(amplification).toBeGreaterThan(2);
  });

  test("does not come back by a budget alone", () => {
    const { perSecond } = goodput(0.9, { budget: budgeted, discardsExpired: false });

    expect(Math.max(...perSecond.slice(second(outage.untilMs) + 5))).toBeLessThan(0.5);
  });
});
