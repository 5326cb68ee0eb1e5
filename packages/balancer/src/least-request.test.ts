import { type AttemptCall, type Endpoint, seededRandom } from "@enmesh/core";
import { simulatedEndpoint } from "@enmesh/core/simulation";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { leastRequest } from "./least-request.ts";

fc.configureGlobal({ seed: 1 });

const endpointsOf = (count: number): Endpoint[] =>
  Array.from({ length: count }, (_, index) => simulatedEndpoint(`orders-${index}`));
const at = (attemptStartedAt: number): AttemptCall => ({ attemptStartedAt }) as AttemptCall;

/** Critical values of χ² at one in a thousand, for n − 1 degrees of freedom. */
const critical: Readonly<Record<number, number>> = { 2: 10.83, 3: 13.82, 4: 16.27, 10: 27.88, 20: 43.82 };

/**
 * Twenty callers in a closed loop: each asks again as soon as it is answered. Tells which share of all answers came from the
 * first server, which takes ten times as long as the others, against its fair share.
 */
function shareOfSlow(count: number): number {
  const picker = leastRequest(seededRandom(3));
  const endpoints = endpointsOf(count);
  const answers = endpoints.map(() => 0);
  const busy: { until: number; endpoint: number }[] = [];
  const ask = (now: number): void => {
    const picked = endpoints.indexOf(picker.pick(endpoints, at(now)));
    const { health } = endpoints[picked] as Endpoint;
    if (health.inFlight === 0) health.quietSince = now;
    health.inFlight += 1;
    busy.push({ until: now + (picked === 0 ? 100 : 10), endpoint: picked });
  };

  for (let caller = 0; caller < 20; caller++) ask(0);
  for (let answered = 0; answered < 20_000; answered++) {
    const first = busy.reduce((one, other) => (other.until < one.until ? other : one));
    busy.splice(busy.indexOf(first), 1);
    const { health } = endpoints[first.endpoint] as Endpoint;
    health.inFlight -= 1;
    health.lastAnswerAt = first.until;
    answers[first.endpoint]! += 1;
    ask(first.until);
  }
  return ((answers[0] as number) / 20_000) * count;
}

describe("least request", () => {
  test.each([2, 3, 4, 10, 20])("is fair to %d equal endpoints", (count) => {
    const picker = leastRequest(seededRandom(1));
    const endpoints = endpointsOf(count);
    const picks = new Map(endpoints.map((endpoint) => [endpoint, 0]));
    const rounds = 100_000 * count;

    for (let round = 0; round < rounds; round++) {
      const picked = picker.pick(endpoints, at(0));
      picks.set(picked, (picks.get(picked) ?? 0) + 1);
    }
    const chiSquared = [...picks.values()].reduce((sum, seen) => sum + (seen - 100_000) ** 2 / 100_000, 0);

    expect(chiSquared).toBeLessThan(critical[count] as number);
  });

  test.each([
    [4, 0.15],
    [10, 0.15],
    [20, 0.3],
  ])("gives one of %d that is ten times slower less than %d of its fair share", (count, most) => {
    expect(shareOfSlow(count)).toBeLessThan(most);
  });

  test("takes the least loaded of up to ten, and never the more loaded of two", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { minLength: 1, maxLength: 30 }), fc.integer(), (loads, seed) => {
        const endpoints = endpointsOf(loads.length);
        for (const [index, load] of loads.entries()) (endpoints[index] as Endpoint).health.inFlight = load;

        const picked = leastRequest(seededRandom(seed)).pick(endpoints, at(0)).health.inFlight;

        const worse = loads.filter((load) => load > picked).length;
        if (loads.length <= 10) expect(picked).toBe(Math.min(...loads));
        // Of two, the other one was at least as loaded: the single most loaded one is never picked.
        else expect(worse + loads.filter((load) => load === picked).length).toBeGreaterThanOrEqual(2);
      }),
    );
  });

  test("of many, never takes the one that is busier than all others", () => {
    const picker = leastRequest(seededRandom(5));
    const endpoints = endpointsOf(12);
    const busiest = endpoints[4] as Endpoint;
    busiest.health.inFlight = 1;

    const picked = Array.from({ length: 10_000 }, () => picker.pick(endpoints, at(0)));

    expect(picked).not.toContain(busiest);
  });

  test("divides the load by the weight", () => {
    const [heavy, light] = endpointsOf(2) as [Endpoint, Endpoint];
    heavy.instance = { ...heavy.instance, weight: 3 };
    heavy.health.inFlight = 5;
    light.health.inFlight = 2;

    expect(leastRequest(() => 0.5).pick([heavy, light], at(0))).toBe(heavy);
  });

  test("leaves an endpoint that has fallen silent alone after a second, long before its attempts time out", () => {
    const [silent, busy] = endpointsOf(2) as [Endpoint, Endpoint];
    silent.health.inFlight = 1;
    busy.health.inFlight = 50;
    busy.health.lastAnswerAt = 1_990;
    const picker = leastRequest(() => 0.5);

    expect([picker.pick([silent, busy], at(1_000)), picker.pick([silent, busy], at(2_000))]).toEqual([silent, busy]);
  });

  test("does not take an endpoint for silent that owes only the rest of a long answer", () => {
    const [streaming, busy] = endpointsOf(2) as [Endpoint, Endpoint];
    streaming.health.inFlight = streaming.health.answering = 1;
    busy.health.inFlight = 2;
    busy.health.lastAnswerAt = 60_000;

    expect(leastRequest(() => 0.5).pick([streaming, busy], at(60_000))).toBe(streaming);
  });
});
