import { codes } from "../diagnostics/codes.ts";
import { type HostPattern, hostPattern } from "../names/host-pattern.ts";
import type { Cursor, Reader, Source } from "../schema/cursor.ts";
import { notYet } from "../schema/not-yet.ts";
import { list, object } from "../schema/object.ts";
import { text } from "../schema/scalars.ts";
import { ruleHost } from "./host.ts";
import { type HttpRoute, readHttpRoute } from "./http-route.ts";
import type { ResourceHead } from "./resource.ts";

/** A host and the place where it is named. */
export interface RuleHost extends HostPattern {
  readonly source: Source;
}

/** How the calls to some hosts are routed. */
export interface VirtualService extends ResourceHead {
  readonly hosts: readonly RuleHost[];
  readonly http: readonly HttpRoute[];
  /** False when it is for gateways alone: then no call of a service follows it. */
  readonly isForMesh: boolean;
}

const locatedHost: Reader<RuleHost> = (cursor) => {
  const host = ruleHost(cursor);
  return host === undefined ? undefined : { ...hostPattern(host), source: cursor.source() };
};

const fields = object({
  hosts: list(locatedHost),
  gateways: list(text),
  http: list(readHttpRoute),
  tls: notYet("TLS goes through unrouted"),
  tcp: notYet("TCP goes through unrouted"),
  exportTo: notYet("it applies in every namespace"),
});

/** Reads `spec`. */
export function readVirtualService(spec: Cursor, head: ResourceHead): VirtualService | undefined {
  const read = fields(spec);
  if (read === undefined) return undefined;
  const { hosts = [], gateways = ["mesh"], http = [] } = read;
  const isForMesh = gateways.includes("mesh") || gateways.length === 0;
  checkHosts(spec, hosts, isForMesh);
  if (["http", "tls", "tcp"].every((name) => spec.get(name) === undefined)) {
    spec.reportKey("error", codes.missingField, '"http" is required here and missing: a list of routes');
  }
  if (!isForMesh) {
    const message = `applies to ${gateways.join(", ")} only, not to calls between services; add "mesh" to apply it to them, too`;
    spec.get("gateways")?.reportKey("info", codes.otherGateway, message);
  }
  return { ...head, hosts, http, isForMesh };
}

function checkHosts(spec: Cursor, hosts: readonly RuleHost[], isForMesh: boolean): void {
  const field = spec.get("hosts");
  if (field === undefined || (field.node.type === "list" && field.node.items.length === 0)) {
    const message = "without hosts it can only be delegated to, which is not carried out in this version";
    spec.reportKey("warning", codes.notCarriedOut, message);
  }
  const seen = new Set<string>();
  for (const { text: host, service, source, suffix } of hosts) {
    const say = (message: string): void => spec.file.report("error", codes.wrongValue, message, source, spec.resource);
    const identity = service ?? host.toLowerCase();
    if (seen.has(identity)) say(`"${host}" is named twice in hosts; keep one`);
    if (suffix === "" && isForMesh)
      say('"*" is not allowed for calls between services; name the hosts, or bind it to a gateway');
    seen.add(identity);
  }
}
