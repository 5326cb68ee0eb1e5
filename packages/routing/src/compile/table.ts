import type { Call, Random, Refusal, RoutePlan, Routing } from "@enmesh/core";

import { bySpecificity, type HostPattern, meansService } from "../names/host-pattern.ts";
import type { Subset } from "../resources/destination-rule.ts";
import type { Resources } from "../resources/resource.ts";
import type { TrafficPolicy } from "../resources/traffic-policy.ts";
import type { CallSource } from "./call-source.ts";
import { DestinationRules } from "./destination-rules.ts";
import { type DestinationOf, Destinations } from "./destinations.ts";
import { type HostRoutes, hostRoutes, routing } from "./host-routes.ts";

export interface CompileOptions {
  readonly destinationOf: DestinationOf;
  /** Draws for weights. */
  readonly random: Random;
  /** Who calls, for `sourceLabels`, `sourceNamespace` and `workloadSelector`. @default unknown: what asks for it never holds */
  readonly source?: CallSource | undefined;
  /** @default 1 */
  readonly revision?: number;
}

/** All routing of one revision. It is never changed, only replaced. */
export interface RouteTable {
  readonly revision: number;
  /** Where a call goes, by which rule; or why it goes nowhere. */
  readonly route: (call: Call) => Routing | Refusal;
  /** True when a rule names this host itself: then it is a service, whether or not discovery knows it. */
  readonly isNamed: (host: string) => boolean;
  /** The subsets of a service, by name, with the policy that holds for each in the end. */
  readonly subsets: (service: string) => ReadonlyMap<string, Subset>;
  /** What holds for the calls to a service or to one of its subsets; undefined when no rule says anything. */
  readonly trafficPolicy: (service: string, subset?: string) => TrafficPolicy | undefined;
}

type Answer = Routing | HostRoutes;

const noRule: RoutePlan = Object.freeze({ name: "default", source: undefined, timeoutMs: undefined, retry: undefined });
const noSubsets: ReadonlyMap<string, Subset> = new Map();
/** Names come from callers, and a crawler calls many: from here on they are looked up anew each time. */
const mostServices = 10_000;

/**
 * Makes the table of a set of resources: every routing and refusal is prepared, so that a call costs a lookup and the questions of its
 * rules. The resources must be free of errors (`loadResources`).
 */
export function compile(resources: Resources, options: CompileOptions): RouteTable {
  const { random, source, revision = 1 } = options;
  const rules = new DestinationRules(resources.destinationRules, source);
  const destinations = new Destinations(options.destinationOf);
  const answers = new Map<string, Answer>();
  const wildcards: [HostPattern, HostRoutes][] = [];
  const taken = new Set<string>();

  for (const service of resources.virtualServices) {
    const routes = service.isForMesh ? hostRoutes(service, { destinations, rules, random, source }) : undefined;
    for (const host of routes === undefined ? [] : service.hosts) {
      const identity = host.service ?? host.text.toLowerCase();
      if (taken.has(identity)) continue;
      taken.add(identity);
      if (host.service === undefined) wildcards.push([host, routes as HostRoutes]);
      else answers.set(host.service, routes as HostRoutes);
    }
  }
  wildcards.sort(([one], [other]) => bySpecificity(one, other));

  /** A service is met for the first time. */
  const learn = (service: string): Answer => {
    const wildcard = wildcards.find(([host]) => meansService(host, service));
    const answer = wildcard?.[1] ?? routing(destinations.get(service), noRule);
    if (answers.size < mostServices) answers.set(service, answer);
    return answer;
  };

  return Object.freeze<RouteTable>({
    revision,
    route: (call) => {
      const answer = answers.get(call.service) ?? learn(call.service);
      return "arms" in answer ? walk(answer, call) : answer;
    },
    isNamed: (host) => taken.has(host),
    subsets: (service) => rules.of(service)?.subsets ?? noSubsets,
    trafficPolicy: (service, subset) => {
      const host = rules.of(service);
      const found = subset === undefined ? undefined : host?.subsets.get(subset);
      return found === undefined ? host?.trafficPolicy : found.trafficPolicy;
    },
  });
}

function walk({ arms, otherwise }: HostRoutes, call: Call): Routing | Refusal {
  const { path } = call;
  const query = path.indexOf("?");
  const pathEnd = query === -1 ? path.length : query;
  for (const { condition, choose } of arms) {
    if (condition === undefined || condition(call, path, pathEnd)) return choose();
  }
  return otherwise;
}
