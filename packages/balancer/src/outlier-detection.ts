import {
  blamesEndpoint,
  type Destination,
  type EjectionReason,
  type Endpoint,
  type Outcome,
  type AimedCall,
  type Policy,
  type Runtime,
  TimerCallback,
} from "@enmesh/core";
import type { Availability } from "./availability.ts";

export interface OutlierDetectionOptions {
  /** Failures in a row, of whatever kind, that eject an endpoint. @default 5 */
  readonly consecutiveFailures?: number;
  /** The first ejection lasts this long, the next twice as long, and so on. @default 5_000 */
  readonly baseEjectionMs?: number;
  /** @default 300_000 */
  readonly maxEjectionMs?: number;
  /** At most this share of a destination's endpoints is out at once; one always may be, the last one never. @default 50 */
  readonly maxEjectionPercent?: number;
}

/** Asks an endpoint whether it answers at all. Must settle within a second or so and never reject. */
export type Probe = (endpoint: Endpoint) => Promise<boolean>;

export const outlierDetectionDefaults: Required<OutlierDetectionOptions> = Object.freeze({
  consecutiveFailures: 5,
  baseEjectionMs: 5_000,
  maxEjectionMs: 300_000,
  maxEjectionPercent: 50,
});

/** No answer to anybody for this long, while one is owed, is silence; less may be a slow moment, and counts as one failure. */
const silenceMs = 1_000;
/** An endpoint that could not be reached, or fell silent, is asked again this soon; then in growing steps. */
const firstProbeMs = 500;
/** What failed within this time failed by itself, also when our event loop was late. */
const promptMs = 100;

/** The policy, and what ends its waiting. */
export interface HealthRecord extends Policy<AimedCall> {
  readonly close: () => void;
}

/**
 * Keeps the health record of each endpoint, and takes those that fail out of the choice for a while: at once on a refused
 * connection, at once when an attempt timed out and the endpoint said nothing to anybody in that time, else after several failures
 * in a row. After a while it is asked whether it answers at all, and comes back when it does, so that no call has to find out. What our own blocked event loop made late blames nobody.
 */
export function healthRecord(
  options: OutlierDetectionOptions | false,
  runtime: Runtime,
  availability: Availability,
  probe?: Probe,
): HealthRecord {
  const settings = { ...outlierDetectionDefaults, ...(options === false ? {} : options) };
  const { clock, timers, events, random } = runtime;
  const waiting = new Set<TimerCallback>();
  let isClosed = false;
  const longestProbeMs = Math.max(firstProbeMs, settings.baseEjectionMs);

  const mayEject = (call: AimedCall): boolean => {
    const { endpoints } = call.destination.snapshot;
    const out = endpoints.filter(({ health }) => health.ejectedAt !== undefined).length;
    const cap = Math.max(1, Math.floor((endpoints.length * settings.maxEjectionPercent) / 100));
    return out < cap && out < endpoints.length - 1;
  };

  const eject = (call: AimedCall, reason: EjectionReason): void => {
    const { endpoint } = call;
    const { health } = endpoint;
    if (options === false || health.ejectedAt !== undefined) return;
    const event = { destination: call.destination.name, endpoint: endpoint.origin, instance: endpoint.id, reason };
    if (!mayEject(call)) return events.report({ type: "outlier.ejection_skipped", ...event });
    health.ejectedAt = clock.now();
    health.ejectedFor = reason;
    health.timesEjected += 1;
    availability.changed();
    const canProbeSoon = reason !== "consecutive-failures" && probe !== undefined;
    const forMs = canProbeSoon ? firstProbeMs : ejectionMs(health.timesEjected);
    events.report({ type: "outlier.ejected", ...event, forMs, timesEjected: health.timesEjected });
    reconsiderIn(endpoint, call.destination, forMs);
  };

  const ejectionMs = (times: number): number => {
    const full = Math.min(settings.maxEjectionMs, settings.baseEjectionMs * 2 ** (times - 1));
    return full / 2 + (random() * full) / 2;
  };

  const reconsiderIn = (endpoint: Endpoint, destination: Destination, waitMs: number): void => {
    endpoint.health.ejectedUntil = clock.now() + waitMs;
    const probed = (answers: boolean): void => {
      if (answers) readmit(endpoint);
      else reconsiderIn(endpoint, destination, Math.min(waitMs * 2, longestProbeMs));
    };
    if (isClosed) return;
    const timer = new TimerCallback(() => {
      waiting.delete(timer);
      // Who left the registry is asked no more; should it come back, it starts afresh.
      if (!destination.snapshot.endpoints.includes(endpoint)) forgive(endpoint);
      else if (probe === undefined) readmit(endpoint);
      else void probe(endpoint).then(probed, () => probed(false));
    });
    waiting.add(timer);
    timers.schedule(timer, waitMs);
  };

  const forgive = ({ health }: Endpoint): void => {
    health.ejectedAt = undefined;
    health.ejectedFor = undefined;
    health.consecutiveFailures = 0;
    health.lastAnswerAt = health.quietSince = clock.now();
    availability.changed();
  };

  const readmit = (endpoint: Endpoint): void => {
    forgive(endpoint);
    events.report({
      type: "outlier.readmitted",
      endpoint: endpoint.origin,
      instance: endpoint.id,
      service: endpoint.service,
    });
  };

  const failed = (call: AimedCall, outcome: Outcome): void => {
    const { health } = call.endpoint;
    health.failures += 1;
    // A refusal comes at once, whoever is to blame for the time; whatever took long may have waited for ourselves.
    if (outcome.elapsedMs > promptMs && clock.now() < runtime.distrustsItselfUntil) return;
    if (outcome.cause === "connect") return eject(call, "connect-failed");
    const ranOut = outcome.cause === "attempt-timeout" || outcome.cause === "deadline";
    if (ranOut && outcome.elapsedMs >= silenceMs && health.lastAnswerAt < call.attemptStartedAt)
      return eject(call, "silent");
    health.consecutiveFailures += 1;
    if (health.consecutiveFailures >= settings.consecutiveFailures) eject(call, "consecutive-failures");
  };

  return {
    close: () => {
      isClosed = true;
      for (const timer of waiting) timers.cancel(timer);
      waiting.clear();
    },
    name: "endpoint-health",
    admit: (call): undefined => {
      const { health } = call.endpoint;
      if (health.inFlight === health.answering) health.quietSince = call.attemptStartedAt;
      health.inFlight += 1;
      health.attempts += 1;
    },
    settle: (call, outcome) => {
      const { health } = call.endpoint;
      health.inFlight -= 1;
      if (outcome.status > 0)
        health.lastAnswerAt = Math.max(health.lastAnswerAt, call.attemptStartedAt + outcome.elapsedMs);
      if (blamesEndpoint(outcome)) return failed(call, outcome);
      if (outcome.kind !== "success" && outcome.kind !== "clientError") return;
      health.consecutiveFailures = 0;
      // A while without trouble, and the next ejection is a first one again.
      if (health.timesEjected > 0 && call.attemptStartedAt > health.ejectedUntil + settings.baseEjectionMs)
        health.timesEjected = 0;
    },
  };
}
