import {
  blamesEndpoint,
  type Destination,
  type Duration,
  type Outcome,
  type Policy,
  type RoutedCall,
  type Runtime,
  Slot,
} from "@enmesh/core";

import { Breaker, type BreakerSettings } from "./breaker.ts";
import { OptionCheck, withDefaults } from "./options.ts";

export interface CircuitBreakerOptions {
  /** Opens when this share of the attempts in the window failed, 0 to 1, the boundary included. @default 0.5 */
  readonly failureRatio?: number;
  /** Never opens on fewer attempts than this. @default 20 */
  readonly minimumCalls?: number;
  /** @default "10s" */
  readonly window?: Duration;
  /** How long it stays open the first time; doubles each time the trial calls fail. @default "5s" */
  readonly openFor?: Duration;
  /** @default "60s" */
  readonly maxOpenFor?: Duration;
  /** Trial calls let through when the time is up. Two thirds of them must succeed. @default 3 */
  readonly permittedCallsInHalfOpen?: number;
}

export const circuitBreakerDefaults: Required<CircuitBreakerOptions> = Object.freeze({
  failureRatio: 0.5,
  minimumCalls: 20,
  window: 10_000,
  openFor: 5_000,
  maxOpenFor: 60_000,
  permittedCallsInHalfOpen: 3,
});

/**
 * Stops calling a destination that mostly fails, and tries carefully again after a while. Each attempt counts, when it ends;
 * what the caller cancelled, what our own policies refused, and an upstream that had no room do not. Half-open is exact: so
 * many trial calls, and whatever began before is ignored. A trial that has not ended after `openFor` is written off.
 *
 * @example
 * ```ts
 * import { scripted, simulate } from "@enmesh/core/simulation";
 * import { circuitBreaker } from "@enmesh/resilience";
 *
 * const world = simulate(scripted([500]));
 * world.through(circuitBreaker({ minimumCalls: 2 }, world.runtime));
 * console.log(world.many(3, 10).map((run) => run.error ?? run.status)); // [ 500, 500, 'ENMESH_CIRCUIT_OPEN' ]
 * ```
 */
export function circuitBreaker(options: CircuitBreakerOptions, runtime: Runtime): Policy<RoutedCall> {
  const settings = checkCircuitBreaker(options);
  const breakers = new Slot<Breaker>("place");
  const epochs = new Slot<number>("call");

  const breakerFor = (destination: Destination): Breaker => {
    const made = new Breaker(destination.name, settings, runtime);
    breakers.set(destination, made);
    return made;
  };

  return {
    name: "circuit-breaker",
    admit: (call) => {
      const breaker = breakers.get(call.destination) ?? breakerFor(call.destination);
      if (!breaker.lets()) return breaker.refusal;
      // Until it has opened for the first time, there is nothing to keep apart.
      if (breaker.epoch > 0) epochs.set(call, breaker.epoch);
      return undefined;
    },
    settle: (call, outcome) => {
      const breaker = breakers.get(call.destination) as Breaker;
      if ((epochs.get(call) ?? 0) === breaker.epoch) breaker.count(judge(outcome), call.settledAt);
    },
  };
}

const failure = new Error("failed");

/** What an outcome says about the destination: it worked, it failed, or nothing at all. */
function judge(outcome: Outcome): "success" | Error | undefined {
  const { kind, cause } = outcome;
  if (cause === "refused" || kind === "ignorable" || kind === "throttled") return undefined;
  // Its time ran out in a queue of ours, or it had hardly any: that says nothing about the destination.
  if (cause === "deadline" && !blamesEndpoint(outcome)) return undefined;
  if (kind === "success" || kind === "clientError") return "success";
  return outcome.error ?? failure;
}

function checkCircuitBreaker(options: CircuitBreakerOptions): BreakerSettings {
  const merged = withDefaults(options, circuitBreakerDefaults);
  const check = new OptionCheck("circuit breaker", options, circuitBreakerDefaults);
  const settings = {
    failureRatio: check.number("failureRatio", merged.failureRatio, 0.01, 1),
    minimumCalls: check.count("minimumCalls", merged.minimumCalls, 1),
    windowMs: check.duration("window", merged.window, 100),
    openMs: check.duration("openFor", merged.openFor, 1),
    maxOpenMs: check.duration("maxOpenFor", merged.maxOpenFor, 1),
    trials: check.count("permittedCallsInHalfOpen", merged.permittedCallsInHalfOpen, 1, 1_000),
  };
  check.done();
  return settings;
}
