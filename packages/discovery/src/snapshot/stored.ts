import type { Instance, InstanceStatus } from "@enmesh/core";

/** One service in a snapshot. */
export interface StoredService {
  readonly service: string;
  /** When it was last told by the source, in calendar time: for people only. */
  readonly at: number;
  readonly instances: readonly Instance[];
}

/** What is known about a mesh, written down. */
export interface Stored {
  /** Who told it: a snapshot of another registry is of no use. */
  readonly source: string;
  readonly names: readonly string[];
  readonly services: readonly StoredService[];
}

const format = 1;

/** Writes it as text of at most `maxBytes`: the services told longest ago are left out first. */
export function writeStored(stored: Stored, maxBytes: number): string {
  let services = stored.services.toSorted((one, other) => other.at - one.at);
  for (;;) {
    const text = `${JSON.stringify({ enmesh: format, ...stored, services })}\n`;
    if (Buffer.byteLength(text) <= maxBytes || services.length === 0) return text;
    services = services.slice(0, Math.floor(services.length / 2));
  }
}

/** Reads such text, or says why it cannot. A service that is not well-formed costs only itself. */
export function readStored(text: string): Stored | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "it is not JSON: torn, or not a snapshot";
  }
  const { enmesh, source, names, services } = (isObject(value) ? value : {}) as Record<string, unknown>;
  if (enmesh !== format) return `it is not a snapshot of format ${format}`;
  if (typeof source !== "string" || !isTexts(names) || !Array.isArray(services)) return "parts of it are missing";
  return { source, names, services: services.flatMap((one: unknown) => readService(one)) };
}

function readService(value: unknown): StoredService[] {
  const { service, at, instances } = (isObject(value) ? value : {}) as Record<string, unknown>;
  if (typeof service !== "string" || typeof at !== "number" || !Array.isArray(instances)) return [];
  return [{ service, at, instances: instances.filter(isInstance) }];
}

const statuses: ReadonlySet<unknown> = new Set<InstanceStatus>([
  "STARTING",
  "UP",
  "DRAINING",
  "DOWN",
  "OUT_OF_SERVICE",
]);

function isInstance(value: unknown): value is Instance {
  if (!isObject(value)) return false;
  const { id, service, address, port, protocol, labels, weight, status, ...rest } = value as Record<string, unknown>;
  const optional = [rest["version"], rest["zone"], rest["region"]];
  return (
    isTexts([id, service, address]) &&
    typeof port === "number" &&
    (protocol === "http" || protocol === "https") &&
    isObject(labels) &&
    isTexts(Object.values(labels)) &&
    typeof weight === "number" &&
    weight >= 0 &&
    statuses.has(status) &&
    optional.every((one) => one === undefined || typeof one === "string")
  );
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
