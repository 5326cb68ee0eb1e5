import type { CallSource } from "../compile/call-source.ts";
import { codes } from "../diagnostics/codes.ts";
import type { SourceFile } from "../diagnostics/source-file.ts";
import { isNamespaceSuffix } from "../names/host-pattern.ts";
import type { Source } from "../schema/cursor.ts";
import { DestinationRules } from "../compile/destination-rules.ts";
import { isCatchAll } from "../compile/matching.ts";
import { checkCallers } from "./check-callers.ts";
import type { Say } from "./say.ts";
import { labelOf, type ResourceHead, type Resources } from "./resource.ts";
import type { RuleHost, VirtualService } from "./virtual-service.ts";

/** Reports what no resource shows alone: hosts taken twice, subsets nobody defines, routes nothing reaches. */
export function checkTogether(
  resources: Resources,
  files: readonly SourceFile[],
  source: CallSource | undefined,
): void {
  const fileOf = new Map(files.map((file) => [file.name, file]));
  const say: Say = (severity, code, message, at, resource) =>
    fileOf.get(at.file)?.report(severity, code, message, at, resource);

  const rules = new DestinationRules(resources.destinationRules, source);
  checkNames("VirtualService", resources.virtualServices, say);
  checkNames("DestinationRule", resources.destinationRules, say);
  checkHosts(resources.virtualServices, say);
  for (const service of resources.virtualServices.filter(({ isForMesh }) => isForMesh))
    checkRoutes(service, rules, say);
  checkRules(resources, say);
  if (source === undefined) checkCallers(resources, say);
}

function checkNames(kind: string, resources: readonly ResourceHead[], say: Say): void {
  const seen = new Map<string, Source>();
  for (const { name, namespace, source } of resources) {
    const first = seen.get(`${namespace}/${name}`);
    if (first === undefined) seen.set(`${namespace}/${name}`, source);
    else
      say(
        "warning",
        codes.sameName,
        `has the name of the one at ${placeOf(first)}; rename one`,
        source,
        labelOf(kind, name),
      );
  }
}

function checkHosts(services: readonly VirtualService[], say: Say): void {
  const taken = new Map<string, VirtualService>();
  for (const service of services.filter(({ isForMesh }) => isForMesh)) {
    for (const host of service.hosts) {
      const identity = host.service ?? host.text.toLowerCase();
      const first = taken.get(identity);
      taken.set(identity, first ?? service);
      checkNamespace(host, labelOf("VirtualService", service.name), say);
      if (first === undefined || first === service) continue;
      const message = `"${host.text}" is already routed by ${first.name} (${placeOf(first.source)}), which counts alone; merge the two`;
      say("warning", codes.hostTaken, message, host.source, labelOf("VirtualService", service.name));
    }
  }
}

function checkRoutes(service: VirtualService, rules: DestinationRules, say: Say): void {
  const resource = labelOf("VirtualService", service.name);
  const last = service.http.findIndex(isCatchAll);
  for (const route of last === -1 ? [] : service.http.slice(last + 1)) {
    say(
      "warning",
      codes.neverReached,
      "is never reached: the route before it takes every call; move it up",
      route.source,
      resource,
    );
  }
  if (last === -1 && service.http.length > 0) {
    const hosts = service.hosts.map(({ text }) => text).join(", ");
    const message = `no default route: calls to ${hosts} that match nothing get 404; add a route without match at the end`;
    say("warning", codes.noDefaultRoute, message, service.http[0]?.source ?? service.source, resource);
  }
  for (const { service: host, subset, source } of service.http.flatMap(({ destinations }) => destinations)) {
    if (subset === undefined || rules.of(host)?.subsets.has(subset)) continue;
    const message = `no DestinationRule for "${host}" defines the subset "${subset}": its calls get 503; add the subset there`;
    say("warning", codes.subsetMissing, message, source, resource);
  }
}

function checkRules({ destinationRules }: Resources, say: Say): void {
  const first = new Map<string, (typeof destinationRules)[number]>();
  for (const rule of destinationRules) {
    const resource = labelOf("DestinationRule", rule.name);
    checkNamespace(rule.host, resource, say);
    const identity = rule.host.service ?? rule.host.text.toLowerCase();
    const before = first.get(identity);
    first.set(identity, before ?? rule);
    if (before === undefined) continue;
    const place = `${before.name} (${placeOf(before.source)})`;
    if (before.namespace !== rule.namespace) {
      const message = `is left out: ${place} in another namespace has this host, and namespaces are not told apart yet`;
      say("warning", codes.namespaceIgnored, message, rule.host.source, resource);
    } else if (before.trafficPolicy !== undefined && rule.trafficPolicy !== undefined) {
      say(
        "warning",
        codes.hostTaken,
        `its trafficPolicy is left out: that of ${place} counts; merge the two`,
        rule.host.source,
        resource,
      );
    }
  }
}

function checkNamespace({ suffix, source }: RuleHost, resource: string, say: Say): void {
  if (suffix === undefined || !isNamespaceSuffix(suffix)) return;
  say(
    "warning",
    codes.namespaceIgnored,
    "means the services of every namespace: namespaces are not told apart yet",
    source,
    resource,
  );
}

/** `mesh/orders.yaml:12` */
function placeOf({ file, line }: Source): string {
  return `${file}:${line}`;
}
