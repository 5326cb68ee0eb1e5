import type { Instance, InstanceStatus } from "@enmesh/core";

import { reservedLabels } from "../registration-options.ts";

/** An instance as a Eureka server tells it. Nothing in it is taken on trust. */
export type EurekaRecord = Readonly<Record<string, unknown>>;

/** Where a status that Eureka does not have is written. */
export const statusLabel = "enmesh-status";

const hidden: ReadonlySet<string> = new Set([
  ...reservedLabels,
  statusLabel,
  "@class",
  "management.port",
  "instanceId",
]);

/** The id of an instance: old clients have none but their host's name. */
export function idOf(record: EurekaRecord): string {
  return text(record["instanceId"]) || text(record["hostName"]);
}

/**
 * Reads an instance, whoever registered it and in whichever of the forms that servers and clients have had over the years. What is missing or has the
 * wrong type comes out as something that the directory refuses, so that one bad record costs only itself.
 */
export function readInstance(service: string, record: EurekaRecord): Instance {
  const meta = textsOf(record["metadata"]);
  const plain = portOf(record["port"], true);
  const secure = portOf(record["securePort"], false);
  const isSecure = meta["protocol"] === "https" || (plain === undefined && secure !== undefined);
  const { version, zone, region } = meta;

  return {
    id: idOf(record),
    service,
    address: text(record["ipAddr"]) || text(record["hostName"]),
    port: (isSecure ? (secure ?? plain) : plain) ?? Number.NaN,
    protocol: isSecure ? "https" : "http",
    labels: Object.fromEntries(Object.entries(meta).filter(([key]) => !hidden.has(key))),
    weight: weightOf(meta["weight"]),
    status: statusOf(record["status"], meta[statusLabel]),
    ...(version === undefined ? {} : { version }),
    ...(zone === undefined ? {} : { zone }),
    ...(region === undefined ? {} : { region }),
  };
}

function statusOf(status: unknown, own: string | undefined): InstanceStatus {
  if (status === "UP" || status === "STARTING" || status === "OUT_OF_SERVICE") return status;
  return status === "DOWN" && own === "DRAINING" ? "DRAINING" : "DOWN";
}

/** `8080`, `"8080"`, `{ "$": 8080, "@enabled": "true" }`. */
function portOf(value: unknown, isEnabledByDefault: boolean): number | undefined {
  const { $: port = value, "@enabled": enabled = isEnabledByDefault } = (isObject(value) ? value : {}) as {
    $?: unknown;
    "@enabled"?: unknown;
  };
  if (String(enabled) !== "true") return undefined;
  return typeof port === "number" || (typeof port === "string" && /^\d+$/.test(port)) ? Number(port) : undefined;
}

function weightOf(value: string | undefined): number {
  const weight = value === undefined || value === "" ? 1 : Number(value);
  return Number.isFinite(weight) && weight >= 0 ? weight : 1;
}

function textsOf(meta: unknown): Record<string, string> {
  const entries = Object.entries(isObject(meta) ? meta : {});
  return Object.fromEntries(entries.filter((pair): pair is [string, string] => typeof pair[1] === "string"));
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
