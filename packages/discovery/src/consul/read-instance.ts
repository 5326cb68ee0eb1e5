import type { Instance, InstanceStatus } from "@enmesh/core";

import { reservedLabels } from "../registration-options.ts";

/** One element of a health answer. Nothing in it is taken on trust. */
interface Entry {
  readonly Node?: { readonly Node?: unknown; readonly Address?: unknown } | null;
  readonly Service?: {
    readonly ID?: unknown;
    readonly Address?: unknown;
    readonly Port?: unknown;
    readonly Meta?: unknown;
    readonly Tags?: unknown;
    readonly Weights?: { readonly Passing?: unknown; readonly Warning?: unknown } | null;
  } | null;
  readonly Checks?: unknown;
}

interface Check {
  readonly CheckID?: unknown;
  readonly Status?: unknown;
  readonly Output?: unknown;
}

/**
 * Reads one element of `/v1/health/service/…` as an instance, whoever registered it. Metadata and `key=value` tags become labels; what is missing
 * or has the wrong type comes out as something that the directory refuses, so that one bad element costs only itself.
 */
export function readInstance(service: string, element: unknown): Instance {
  const { Node: node, Service: found, Checks } = (isObject(element) ? element : {}) as Entry;
  const meta = { ...tagsOf(found?.Tags), ...textsOf(found?.Meta) };
  const isEnmesh = meta["enmesh"] !== undefined;
  const checks = (Array.isArray(Checks) ? Checks.filter(isObject) : []) as Check[];
  const id = text(found?.ID);
  const version = meta["version"];

  return {
    // Ids are unique on their node only, unless we made them.
    id: isEnmesh || id === "" ? id : `${text(node?.Node)}/${id}`,
    service,
    address: text(found?.Address) || text(node?.Address),
    port: typeof found?.Port === "number" ? found.Port : Number.NaN,
    protocol: meta["protocol"] === "https" || meta["secure"] === "true" ? "https" : "http",
    labels: Object.fromEntries(Object.entries(meta).filter(([key]) => !reservedLabels.has(key))),
    weight: weightOf(found?.Weights, meta["weight"], checks),
    status: statusOf(checks, isEnmesh),
    ...(version === undefined ? {} : { version }),
    ...(meta["zone"] === undefined ? {} : { zone: meta["zone"] }),
    ...(meta["region"] === undefined ? {} : { region: meta["region"] }),
  };
}

/** The status that the checks of an instance, and of its node, add up to. Warnings take calls. */
function statusOf(checks: readonly Check[], isEnmesh: boolean): InstanceStatus {
  if (
    checks.some(({ CheckID }) => CheckID === "_node_maintenance" || text(CheckID).startsWith("_service_maintenance:"))
  )
    return "OUT_OF_SERVICE";
  const critical = checks.filter(({ Status }) => Status === "critical");
  if (critical.length === 0) return "UP";
  // The lease's end repeats the last note: "TTL expired (last output before timeout follows): DRAINING".
  const lastWord = (word: RegExp): boolean => critical.some(({ Output }) => word.test(text(Output)));
  if (lastWord(/(^|: )DRAINING$/)) return "DRAINING";
  // The embedded registry says so of what Eureka's operators have taken out.
  if (lastWord(/(^|: )OUT_OF_SERVICE$/)) return "OUT_OF_SERVICE";
  // A registry may hold a note back for minutes: the first one, which says STARTING, is still empty then.
  const isStarting = critical.every(({ Output }) => text(Output) === "STARTING" || (isEnmesh && Output === ""));
  return isStarting ? "STARTING" : "DOWN";
}

function weightOf(
  weights: NonNullable<Entry["Service"]>["Weights"],
  exact: string | undefined,
  checks: readonly Check[],
): number {
  const isWarning = checks.some(({ Status }) => Status === "warning");
  const given = isWarning ? weights?.Warning : weights?.Passing;
  const weight = exact !== undefined && !isWarning ? Number(exact) : given;
  return typeof weight === "number" && Number.isFinite(weight) && weight >= 0 ? weight : 1;
}

/** `version=v2` and `zone=a` as other clients write them, and a bare `v2`. */
function tagsOf(tags: unknown): Record<string, string> {
  const pairs = (Array.isArray(tags) ? tags : []).map(text).map((tag): [string, string] => {
    const equals = tag.indexOf("=");
    if (equals > 0) return [tag.slice(0, equals), tag.slice(equals + 1)];
    return /^v\d+(\.\d+)*$/.test(tag) ? ["version", tag] : ["", ""];
  });
  return Object.fromEntries(pairs.filter(([key]) => key !== ""));
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
