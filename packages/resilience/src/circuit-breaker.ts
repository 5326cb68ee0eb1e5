import {
  type Destination,
  type Duration,
  formatDuration,
  type Outcome,
  type Policy,
  type Refusal,
  refuse,
  type RoutedCall,
  type Runtime,
  Slot,
} from "@enmesh/core";
import { OpossumWindow } from "./opossum-window.ts";
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

type State = "closed" | "open" | "halfOpen";

/** One destination's breaker. The state is ours, on the injected clock; the window and its verdict are opossum's. */
class Breaker {
  readonly window: OpossumWindow;
  state: State = "closed";
  openUntil = 0;
  timesOpened = 0;
  /** Grows with every change of state: what began in another state has no say in this one. */
  epoch = 0;
  trialsStarted = 0;
  trialsEnded = 0;
  trialsFailed = 0;
  readonly refusal: Refusal;

  constructor(window: OpossumWindow, refusal: Refusal) {
    this.window = window;
    this.refusal = refusal;
  }
}

/**
 * Stops calling a destination that mostly fails, and tries carefully again after a while. Each attempt counts; what the caller
 * cancelled, and what our own policies refused, does not. Half-open is exact: so many trial calls, and whatever began before is ignored.
 */
export function circuitBreaker(options: CircuitBreakerOptions, runtime: Runtime): Policy<RoutedCall> {
  const settings = checkCircuitBreaker(options);
  const { clock, random, events } = runtime;
  const breakers = new Slot<Breaker>();
  const epochs = new Slot<number>();

  const breakerOf = (destination: Destination): Breaker => {
    const kept = breakers.get(destination);
    if (kept !== undefined) return kept;
    const window = new OpossumWindow({ name: destination.name, ...settings }, clock.now());
    const message = (): string =>
      `calls to "${destination.name}" are stopped for ${formatDuration(Math.max(0, made.openUntil - clock.now()))}: most of them failed; look at that service`;
    const made = new Breaker(window, refuse("ENMESH_CIRCUIT_OPEN", message));
    breakers.set(destination, made);
    return made;
  };

  const change = (breaker: Breaker, destination: Destination, state: State): void => {
    breaker.state = state;
    breaker.epoch += 1;
    breaker.trialsStarted = breaker.trialsEnded = breaker.trialsFailed = 0;
    if (state === "open") {
      const openMs = Math.min(settings.maxOpenMs, settings.openMs * 2 ** breaker.timesOpened) * (0.9 + 0.2 * random());
      breaker.openUntil = clock.now() + openMs;
      breaker.timesOpened += 1;
      breaker.window.open();
      events.report({ type: "breaker.opened", destination: destination.name, forMs: openMs });
    } else if (state === "closed") {
      breaker.timesOpened = 0;
      breaker.window.close();
      events.report({ type: "breaker.closed", destination: destination.name });
    } else {
      events.report({ type: "breaker.half_open", destination: destination.name });
    }
  };

  const endTrial = (breaker: Breaker, destination: Destination, isFailure: boolean): void => {
    breaker.trialsEnded += 1;
    if (isFailure) breaker.trialsFailed += 1;
    if (breaker.trialsFailed * 3 > settings.trials) return change(breaker, destination, "open");
    if (breaker.trialsEnded >= settings.trials) change(breaker, destination, "closed");
  };

  return {
    name: "circuit-breaker",
    admit: (call) => {
      const breaker = breakerOf(call.destination);
      if (breaker.state === "open") {
        if (clock.now() < breaker.openUntil) return breaker.refusal;
        change(breaker, call.destination, "halfOpen");
      }
      if (breaker.state === "halfOpen") {
        if (breaker.trialsStarted >= settings.trials) return breaker.refusal;
        breaker.trialsStarted += 1;
      }
      epochs.set(call, breaker.epoch);
      return undefined;
    },
    settle: (call, outcome) => {
      const breaker = breakerOf(call.destination);
      if (epochs.get(call) !== breaker.epoch) return;
      const verdict = judge(outcome);
      if (breaker.state === "halfOpen") {
        // A trial that says nothing gives its permit back, so that the breaker cannot get stuck.
        if (verdict === undefined) breaker.trialsStarted -= 1;
        else endTrial(breaker, call.destination, verdict !== "success");
      } else if (
        verdict !== undefined &&
        breaker.window.count(clock.now(), verdict === "success" ? undefined : verdict)
      ) {
        change(breaker, call.destination, "open");
      }
    },
  };
}

const failure = new Error("failed");

/** What an outcome says about the destination: it worked, it failed, or nothing at all. */
function judge(outcome: Outcome): "success" | Error | undefined {
  if (outcome.cause === "refused" || outcome.kind === "ignorable") return undefined;
  if (outcome.kind === "success" || outcome.kind === "clientError") return "success";
  return outcome.error ?? failure;
}

function checkCircuitBreaker(options: CircuitBreakerOptions): {
  failureRatio: number;
  minimumCalls: number;
  windowMs: number;
  openMs: number;
  maxOpenMs: number;
  trials: number;
} {
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
