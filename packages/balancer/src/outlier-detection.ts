import {
  blamesEndpoint,
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

/** An endpoint that could not be reached, or fell silent, is asked again this soon; then in growing steps. */
const firstProbeMs = 500;

/**
 * Keeps the health record of each endpoint, and takes those that fail out of the choice for a while: at once on a refused
 * connection, at once when an attempt timed out and the endpoint said nothing to anybody in that time, else after several failures
 * in a row. Who could not be reached comes back when a probe reaches it, so that no call has to find out; who answered badly comes
 * back after a time. What our own blocked event loop made late blames nobody.
 */
export function healthRecord(
  options: OutlierDetectionOptions | false,
  runtime: Runtime,
  availability: Availability,
  probe?: Probe,
): Policy<AimedCall> {
  const settings = { ...outlierDetectionDefaults, ...(options === false ? {} : options) };
  const { clock, timers, events, random } = runtime;

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
    const isUnreachable = reason !== "consecutive-failures" && probe !== undefined;
    const forMs = isUnreachable ? firstProbeMs : ejectionMs(health.timesEjected);
    events.report({ type: "outlier.ejected", ...event, forMs, timesEjected: health.timesEjected });
    reconsiderIn(endpoint, forMs, isUnreachable);
  };

  const ejectionMs = (times: number): number => {
    const full = Math.min(settings.maxEjectionMs, settings.baseEjectionMs * 2 ** (times - 1));
    return full / 2 + (random() * full) / 2;
  };

  const reconsiderIn = (endpoint: Endpoint, waitMs: number, byProbe: boolean): void => {
    endpoint.health.ejectedUntil = clock.now() + waitMs;
    const timer = new TimerCallback(() => {
      if (!byProbe || probe === undefined) return readmit(endpoint);
      void probe(endpoint).then((answers) => {
        if (answers) readmit(endpoint);
        else reconsiderIn(endpoint, Math.min(waitMs * 2, settings.baseEjectionMs), true);
      });
    });
    timers.schedule(timer, waitMs);
  };

  const readmit = (endpoint: Endpoint): void => {
    const { health } = endpoint;
    if (health.ejectedAt === undefined) return;
    health.ejectedAt = undefined;
    health.ejectedFor = undefined;
    health.consecutiveFailures = 0;
    health.lastAnswerAt = health.quietSince = clock.now();
    availability.changed();
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
    if (outcome.cause === "connect") return eject(call, "connect-failed");
    if (outcome.cause === "attempt-timeout") {
      if (clock.now() < runtime.distrustsItselfUntil) return;
      if (health.lastAnswerAt < call.attemptStartedAt) return eject(call, "silent");
    }
    health.consecutiveFailures += 1;
    if (health.consecutiveFailures >= settings.consecutiveFailures) eject(call, "consecutive-failures");
  };

  return {
    name: "endpoint-health",
    admit: (call): undefined => {
      const { health } = call.endpoint;
      if (health.inFlight === 0) health.quietSince = call.attemptStartedAt;
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
