import { parseDuration } from "@enmesh/core";

/** Checks one value: nothing when it is fine, else what is allowed. */
type Check = (value: unknown) => string | undefined;

export interface Field {
  readonly check: Check;
  /** The environment variable that sets it. */
  readonly env?: string;
  /** Turns the variable's text into a value. @default the text itself */
  readonly fromText?: (text: string) => unknown;
}

const text: Check = (value) => (typeof value === "string" && value !== "" ? undefined : "must be text");
const name: Check = (value) =>
  typeof value === "string" && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value)
    ? undefined
    : "must be a DNS label: lower-case letters, digits and hyphens, at most 63";
const label: Check = (value) =>
  typeof value === "string" && /^[\w.-]{1,100}$/.test(value)
    ? undefined
    : "must be 1 to 100 letters, digits, dots, hyphens or underscores";
const callback: Check = (value) => (typeof value === "function" ? undefined : "must be a function");
const flag: Check = (value) => (typeof value === "boolean" ? undefined : "must be true or false");
const port: Check = (value) =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535
    ? undefined
    : "must be a port, 0 to 65535";
const weight: Check = (value) =>
  typeof value === "number" && value > 0 && value <= 1_000 ? undefined : "must be a number above 0, up to 1000";
const object: Check = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? undefined : "must be a group of settings";
const any: Check = () => undefined;

const duration: Check = (value) => {
  try {
    parseDuration(value as string);
    return undefined;
  } catch {
    return 'must be a duration such as "250ms", "2s" or "1m30s"';
  }
};
const atLeast =
  (check: Check, leastMs: number): Check =>
  (value) =>
    check(value) ?? (parseDuration(value as string) >= leastMs ? undefined : `must be at least ${leastMs}ms`);
const orFalse =
  (check: Check): Check =>
  (value) =>
    value === false ? undefined : check(value) === undefined ? undefined : `${check(value)}, or false`;
const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(value as string) ? undefined : `must be ${values.join(", ")}`;

const registry: Check = (value) => {
  if (typeof value === "object" && value !== null && "start" in value) return undefined;
  const urls = typeof value === "string" ? value.split(",").map((one) => URL.parse(one.trim())) : [];
  if (urls.some((url) => url !== null && (url.username !== "" || url.password !== "")))
    return "must not carry a user name or password (give registryToken)";
  return urls.length > 0 && urls.every((url) => url?.protocol === "http:" || url?.protocol === "https:")
    ? undefined
    : 'must be a URL such as "http://127.0.0.1:8500", or an embedded registry';
};

const labels: Check = (value) =>
  object(value) ??
  (Object.values(value as object).every((one) => typeof one === "string") ? undefined : "must map names to text");

const services: Check = (value) =>
  object(value) ??
  (Object.values(value as object).every(Array.isArray) ? undefined : "must map each service to a list");

const toFlag = (value: string): unknown => (value === "true" ? true : value === "false" ? false : value);
const toNumber = (value: string): unknown =>
  value.trim() === "" || Number.isNaN(Number(value)) ? value : Number(value);
const durationOrFalse = (value: string): unknown => (value === "false" ? false : value);

/**
 * Every setting, by its path: what is allowed, and the variable that sets it. The groups `retry`, `circuitBreaker`, `bulkhead` and `balancer` are
 * checked by the policies themselves.
 */
export const fields: Readonly<Record<string, Field>> = Object.freeze({
  service: { check: name, env: "ENMESH_SERVICE" },
  version: { check: label, env: "ENMESH_VERSION" },
  namespace: { check: name, env: "ENMESH_NAMESPACE" },
  instanceId: { check: label, env: "ENMESH_INSTANCE_ID" },
  labels: { check: labels },
  zone: { check: label, env: "ENMESH_ZONE" },
  region: { check: label, env: "ENMESH_REGION" },
  weight: { check: weight, env: "ENMESH_WEIGHT", fromText: toNumber },
  address: { check: text, env: "ENMESH_ADDRESS" },
  registry: { check: registry, env: "ENMESH_REGISTRY" },
  registryToken: { check: text, env: "ENMESH_REGISTRY_TOKEN" },
  registryTls: { check: object },
  snapshot: { check: text, env: "ENMESH_SNAPSHOT" },
  services: { check: services },
  failFast: { check: flag, env: "ENMESH_FAIL_FAST", fromText: toFlag },
  heartbeat: { check: atLeast(duration, 50), env: "ENMESH_HEARTBEAT" },
  ttl: { check: atLeast(duration, 100), env: "ENMESH_TTL" },
  healthCheck: { check: callback },
  livenessTimeout: { check: orFalse(atLeast(duration, 1)), env: "ENMESH_LIVENESS_TIMEOUT", fromText: durationOrFalse },
  policies: { check: text, env: "ENMESH_POLICIES" },
  timeout: { check: orFalse(atLeast(duration, 1)), env: "ENMESH_TIMEOUT", fromText: durationOrFalse },
  attemptTimeout: { check: orFalse(atLeast(duration, 1)), env: "ENMESH_ATTEMPT_TIMEOUT", fromText: durationOrFalse },
  connectTimeout: { check: atLeast(duration, 1), env: "ENMESH_CONNECT_TIMEOUT" },
  retry: { check: orFalse(object) },
  "retry.attempts": { check: any, env: "ENMESH_RETRY_ATTEMPTS", fromText: toNumber },
  circuitBreaker: { check: orFalse(object) },
  bulkhead: { check: orFalse(object) },
  "bulkhead.maxConcurrent": { check: any, env: "ENMESH_BULKHEAD_MAX_CONCURRENT", fromText: toNumber },
  balancer: { check: object },
  "balancer.policy": { check: any, env: "ENMESH_BALANCER" },
  outboundTrafficPolicy: { check: oneOf("ALLOW_ANY", "REGISTRY_ONLY"), env: "ENMESH_OUTBOUND_TRAFFIC_POLICY" },
  edge: { check: flag, env: "ENMESH_EDGE", fromText: toFlag },
  admin: { check: orFalse(object) },
  "admin.port": { check: port, env: "ENMESH_ADMIN_PORT", fromText: toNumber },
  "admin.host": { check: text, env: "ENMESH_ADMIN_HOST" },
  "admin.token": { check: text, env: "ENMESH_ADMIN_TOKEN" },
  log: { check: orFalse(object) },
  "log.level": { check: oneOf("trace", "debug", "info", "warn", "error", "fatal", "silent"), env: "ENMESH_LOG_LEVEL" },
  "log.access": { check: oneOf("all", "errors", "off"), env: "ENMESH_LOG_ACCESS" },
  metrics: { check: flag, env: "ENMESH_METRICS", fromText: toFlag },
  tracing: { check: flag, env: "ENMESH_TRACING", fromText: toFlag },
  drain: { check: object },
  "drain.propagation": { check: duration, env: "ENMESH_DRAIN_PROPAGATION" },
  "drain.inFlight": { check: duration, env: "ENMESH_DRAIN_IN_FLIGHT" },
  signals: { check: flag, env: "ENMESH_SIGNALS", fromText: toFlag },
  runtime: { check: object },
});

/** Groups whose members are listed above; the members of other groups are somebody else's to check. */
export const closedGroups: readonly string[] = Object.freeze(["admin", "log", "drain"]);
