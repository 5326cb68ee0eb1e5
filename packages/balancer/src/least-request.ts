import type { Endpoint, Random } from "@enmesh/core";
import type { Picker } from "./picker.ts";

export interface LeastRequestOptions {
  /** An endpoint that owes answers and has given none for this long is taken only when there is no other. @default 1_000 */
  readonly stalledAfterMs?: number;
}

/** Up to this many endpoints are all looked at. It costs little, and two random ones often miss the best: the share of a slow one doubles. */
const fullScanUpTo = 10;
const stalledLoad = 1e9;

/**
 * Picks the endpoint with the fewest attempts under way: of all, or, where there are many, of two taken at random (Mitzenmacher, "The Power of Two Choices
 * in Randomized Load Balancing"). Weights divide the load. An endpoint that has gone silent counts as loaded at once, long before its attempts time out.
 */
export function leastRequest(random: Random, options: LeastRequestOptions = {}): Picker {
  const stalledAfterMs = options.stalledAfterMs ?? 1_000;

  const load = (endpoint: Endpoint, now: number): number => {
    const { health, instance } = endpoint;
    if (health.inFlight === 0) return 0;
    const owesSince = Math.max(health.lastAnswerAt, health.quietSince);
    const isStalled = health.inFlight > health.answering && now - owesSince > stalledAfterMs;
    return (isStalled ? stalledLoad : 0) + health.inFlight / instance.weight;
  };

  const leastOfAll = (endpoints: readonly Endpoint[], now: number): Endpoint => {
    let best = endpoints[0] as Endpoint;
    let least = load(best, now);
    let ties = 1;
    for (let index = 1; index < endpoints.length; index++) {
      const endpoint = endpoints[index] as Endpoint;
      const its = load(endpoint, now);
      if (its > least) continue;
      ties = its < least ? 1 : ties + 1;
      // Each of several equals is kept with the same chance (reservoir sampling).
      if (ties === 1 || random() * ties < 1) best = endpoint;
      least = its;
    }
    return best;
  };

  return {
    name: "leastRequest",
    pick: (endpoints, { attemptStartedAt: now }) => {
      const count = endpoints.length;
      if (count === 1) return endpoints[0] as Endpoint;
      if (count <= fullScanUpTo) return leastOfAll(endpoints, now);
      const first = Math.floor(random() * count);
      let second = Math.floor(random() * (count - 1));
      if (second >= first) second += 1;
      const one = endpoints[first] as Endpoint;
      const other = endpoints[second] as Endpoint;
      return load(other, now) < load(one, now) ? other : one;
    },
  };
}
