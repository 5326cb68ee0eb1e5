import { ConfigError, type Duration, type Instance, parseDuration, type Problem, type Runtime } from "@enmesh/core";

import type { HealthCheck } from "./health-check.ts";
import type { Lease, Registrar } from "./source.ts";
import { whyUnusable } from "./usable-instance.ts";

export interface RegistrationOptions {
  readonly registrar: Registrar;
  /** What to announce. Its status is kept by the registration. */
  readonly instance: Omit<Instance, "status">;
  readonly runtime: Runtime;
  /** Time between two heartbeats; chance moves each by up to a tenth. @default 5000 */
  readonly heartbeatMs?: Duration;
  /** Without a heartbeat for this long the instance counts as down. @default 15000 */
  readonly ttlMs?: Duration;
  /** Down for this long, the instance is removed. A Consul server takes at least a minute. @default 60000 */
  readonly deregisterAfterMs?: Duration;
  /** Asked before every heartbeat; while it fails, the instance is DOWN. @default none */
  readonly healthCheck?: HealthCheck | undefined;
  /** How long one health check may take. @default 2000 */
  readonly healthTimeoutMs?: Duration;
  /** A thread of its own beats while the main loop is blocked, for this long; then it says DOWN. `false`: no such thread. @default 30000 */
  readonly livenessTimeoutMs?: Duration | false;
}

export const registrationDefaults: Readonly<{
  heartbeatMs: number;
  ttlMs: number;
  deregisterAfterMs: number;
  healthTimeoutMs: number;
  livenessTimeoutMs: number;
}> = Object.freeze({
  heartbeatMs: 5_000,
  ttlMs: 15_000,
  deregisterAfterMs: 60_000,
  healthTimeoutMs: 2_000,
  livenessTimeoutMs: 30_000,
});

export interface CheckedRegistration {
  readonly instance: Instance;
  readonly heartbeatMs: number;
  readonly lease: Lease;
  readonly healthTimeoutMs: number;
  readonly livenessMs: number | undefined;
}

/** Reads the options, or refuses them with all their problems at once. */
export function checkRegistration(options: RegistrationOptions): CheckedRegistration {
  const defaults = { ...registrationDefaults, ...options.registrar.preferred };
  const heartbeatMs = parseDuration(options.heartbeatMs ?? defaults.heartbeatMs);
  const ttlMs = parseDuration(options.ttlMs ?? defaults.ttlMs);
  const deregisterAfterMs = parseDuration(options.deregisterAfterMs ?? Math.max(defaults.deregisterAfterMs, ttlMs));
  const healthTimeoutMs = parseDuration(options.healthTimeoutMs ?? defaults.healthTimeoutMs);
  const { livenessTimeoutMs = defaults.livenessTimeoutMs } = options;
  const livenessMs = livenessTimeoutMs === false ? undefined : parseDuration(livenessTimeoutMs);
  const instance: Instance = { ...options.instance, status: "STARTING" };

  const problems: Problem[] = [...instanceProblems(instance)];
  if (heartbeatMs < 50) problems.push({ path: "heartbeatMs", message: `must be at least 50 ms, got ${heartbeatMs}` });
  if (ttlMs < 2 * heartbeatMs) {
    problems.push({
      path: "ttlMs",
      message: `must be at least twice heartbeatMs (${heartbeatMs}), got ${ttlMs}: one lost heartbeat must not count as down`,
    });
  }
  if (deregisterAfterMs < ttlMs)
    problems.push({
      path: "deregisterAfterMs",
      message: `must be at least ttlMs (${ttlMs}), got ${deregisterAfterMs}`,
    });
  if (livenessMs !== undefined && livenessMs < heartbeatMs)
    problems.push({
      path: "livenessTimeoutMs",
      message: `must be at least heartbeatMs (${heartbeatMs}), got ${livenessMs}`,
    });
  if (healthTimeoutMs <= 0)
    problems.push({ path: "healthTimeoutMs", message: `must be above 0, got ${healthTimeoutMs}` });
  if (problems.length > 0) throw new ConfigError("registration", problems, "ENMESH_OPTION_INVALID");
  return { instance, heartbeatMs, lease: { ttlMs, deregisterAfterMs }, healthTimeoutMs, livenessMs };
}

const serviceName = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;
const instanceId = /^[\w.:@-]+$/;
const labelKey = /^[A-Za-z0-9_-]{1,128}$/;

/** Labels become the registry's metadata; these names have their own meaning there. */
export const reservedLabels: ReadonlySet<string> = new Set(["enmesh", "protocol", "zone", "region", "weight"]);
const mostLabels = 64 - reservedLabels.size - 1;

function* instanceProblems(instance: Instance): Generator<Problem> {
  const { service, id, labels, weight } = instance;
  if (service.length > 255 || !serviceName.test(service)) {
    yield {
      path: "instance.service",
      message: `must be a host name (letters, digits, "-" and "."), got ${JSON.stringify(service)}`,
    };
  }
  if (!instanceId.test(id))
    yield { path: "instance.id", message: `may hold letters, digits and "_.:@-", got ${JSON.stringify(id)}` };
  const reason = whyUnusable(instance);
  if (reason !== undefined) yield { path: "instance", message: reason };
  if (!Number.isFinite(weight) || weight < 0 || weight > 65_535)
    yield { path: "instance.weight", message: `must be 0 to 65535, got ${weight}` };
  if (Object.keys(labels).length > mostLabels)
    yield { path: "instance.labels", message: `a registry keeps at most ${mostLabels} labels` };
  for (const [key, value] of Object.entries(labels)) yield* labelProblems(key, value, instance);
}

function* labelProblems(key: string, value: string, { version }: Instance): Generator<Problem> {
  const path = `instance.labels.${key}`;
  if (!labelKey.test(key))
    yield { path, message: 'a registry takes label names of letters, digits, "_" and "-", at most 128 of them' };
  if (typeof value !== "string" || value.length > 512)
    yield { path, message: "must be text of at most 512 characters" };
  if (reservedLabels.has(key)) yield { path, message: `"${key}" is a field of the instance; set it there` };
  if (key === "version" && version !== undefined && version !== value) {
    yield { path, message: `says ${JSON.stringify(value)}, but the instance's version is ${JSON.stringify(version)}` };
  }
}
