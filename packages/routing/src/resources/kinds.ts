import { codes } from "../diagnostics/codes.ts";
import type { Severity } from "../diagnostics/diagnostic.ts";
import type { Cursor } from "../schema/cursor.ts";
import { didYouMean } from "../schema/did-you-mean.ts";

/** The kinds that are carried out. */
export type CarriedKind = "VirtualService" | "DestinationRule";

const networking = "networking.istio.io";
const security = "security.istio.io";

/** Istio's kinds and the group each belongs to. */
const groups: ReadonlyMap<string, string> = new Map([
  ...["VirtualService", "DestinationRule", "Gateway", "ServiceEntry", "Sidecar", "WorkloadEntry"].map(
    (kind) => [kind, networking] as const,
  ),
  ...["WorkloadGroup", "EnvoyFilter", "ProxyConfig"].map((kind) => [kind, networking] as const),
  ...["PeerAuthentication", "RequestAuthentication", "AuthorizationPolicy"].map((kind) => [kind, security] as const),
  ["Telemetry", "telemetry.istio.io"],
  ["WasmPlugin", "extensions.istio.io"],
]);
const planned: ReadonlySet<string> = new Set([
  "Gateway",
  "PeerAuthentication",
  "RequestAuthentication",
  "AuthorizationPolicy",
]);
const versions: ReadonlySet<string> = new Set(["v1", "v1beta1", "v1alpha3", "v1alpha1"]);

const owners: readonly (readonly [group: RegExp, owner: string])[] = [
  [/(^|\.)monitoring\.coreos\.com$/, "the Prometheus Operator"],
  [/^gateway\.networking\.k8s\.io$/, "the Kubernetes Gateway API"],
  [/(^$|^apps$|^batch$|^policy$|^autoscaling$|\.k8s\.io$)/, "Kubernetes"],
  [/(^|\.)istio\.io$/, "Istio's installer"],
];
const operatorKinds: ReadonlySet<string> = new Set(["ServiceMonitor", "PodMonitor", "PrometheusRule", "Prometheus"]);

/** Says what a document is and whether we carry it out; everything else about it is reported and that was it. */
export function kindOf(document: Cursor, apiVersion: string, kind: string): CarriedKind | undefined {
  const [group, version] = apiVersion.includes("/") ? (apiVersion.split("/", 2) as [string, string]) : ["", apiVersion];
  const home = groups.get(kind);
  if (
    home === undefined ||
    (group !== home && kind !== "VirtualService" && kind !== "DestinationRule" && !group.endsWith("istio.io"))
  ) {
    foreign(document, group, kind);
    return undefined;
  }
  checkVersion(document, group, version, home);
  if (kind === "VirtualService" || kind === "DestinationRule") return kind;
  const isPlanned = planned.has(kind);
  const when = isPlanned ? "loaded; a later version enforces it" : "loaded; Enmesh has no use for it";
  // Whoever writes down who may do what must hear that nobody keeps to it yet.
  say(document, isPlanned ? "warning" : "info", codes.laterKind, `${when}: not carried out in this version`);
  return undefined;
}

function foreign(document: Cursor, group: string, kind: string): void {
  const hint = didYouMean(kind, groups.keys());
  if (/(^|\.)istio\.io$/.test(group) && group !== "install.istio.io") {
    const known = hint || ` Known: ${[...groups.keys()].join(", ")}.`;
    return say(document, "error", codes.unknownKind, `Istio has no kind "${kind.slice(0, 60)}".${known}`);
  }
  const owner = operatorKinds.has(kind)
    ? "the Prometheus Operator"
    : owners.find(([pattern]) => pattern.test(group))?.[1];
  say(document, "info", codes.foreignKind, `${kind} belongs to ${owner ?? group}, not to the mesh: skipped.${hint}`);
}

function checkVersion(document: Cursor, group: string, version: string, home: string): void {
  const field = document.get("apiVersion") ?? document;
  if (group !== home) {
    field.report("warning", codes.wrongGroup, `this kind belongs to ${home}; read as that; write ${home}/v1`);
  } else if (!versions.has(version)) {
    field.report("error", codes.wrongValue, `unknown version "${version.slice(0, 60)}"; write ${home}/v1`);
  } else if (version === "v1alpha3") {
    field.report("info", codes.oldVersion, `still served by Istio and read the same; ${home}/v1 is today's name`);
  }
}

function say(document: Cursor, severity: Severity, code: (typeof codes)[keyof typeof codes], message: string): void {
  (document.get("kind") ?? document).report(severity, code, message);
}
