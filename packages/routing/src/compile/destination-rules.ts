import { bySpecificity, type HostPattern, meansService } from "../names/host-pattern.ts";
import type { DestinationRule, Subset } from "../resources/destination-rule.ts";
import type { TrafficPolicy } from "../resources/traffic-policy.ts";
import { type CallSource, hasLabels } from "./call-source.ts";
import { overridden } from "./override.ts";

/** All that holds for one host: its rules, put together. */
export interface HostRules {
  readonly trafficPolicy: TrafficPolicy | undefined;
  /** With the policy that holds in the end. */
  readonly subsets: ReadonlyMap<string, Subset>;
}

interface Collected {
  readonly host: HostPattern;
  readonly namespace: string;
  policy: TrafficPolicy | undefined;
  readonly subsets: Map<string, Subset>;
}

/**
 * Finds the rules of a service. The most specific host wins alone: what `*.local` says is not added to what `orders` says. Several rules
 * for one host add up: the first definition of a subset counts, and the first traffic policy.
 */
export class DestinationRules {
  readonly #byService = new Map<string, HostRules>();
  readonly #wildcards: readonly (readonly [HostPattern, HostRules])[];

  constructor(rules: readonly DestinationRule[], source?: CallSource) {
    const collected = collect(rules.filter(({ callerLabels }) => isFollowed(callerLabels, source)));
    const wildcards: [HostPattern, HostRules][] = [];
    for (const { host, policy, subsets } of collected) {
      const resolved: HostRules = { trafficPolicy: policy, subsets: resolve(policy, subsets) };
      if (host.service === undefined) wildcards.push([host, resolved]);
      else this.#byService.set(host.service, resolved);
    }
    this.#wildcards = wildcards.toSorted(([one], [other]) => bySpecificity(one, other));
  }

  of(service: string): HostRules | undefined {
    return this.#byService.get(service) ?? this.#wildcards.find(([host]) => meansService(host, service))?.[1];
  }
}

function isFollowed(callerLabels: DestinationRule["callerLabels"], source: CallSource | undefined): boolean {
  return callerLabels === undefined || hasLabels(source, Object.entries(callerLabels));
}

function collect(rules: readonly DestinationRule[]): Iterable<Collected> {
  const collected = new Map<string, Collected>();
  for (const { host, namespace, trafficPolicy, subsets } of rules) {
    const identity = host.service ?? host.text.toLowerCase();
    const known = collected.get(identity) ?? { host, namespace, policy: undefined, subsets: new Map() };
    collected.set(identity, known);
    // `orders` of another namespace is another service; until namespaces are told apart, the first one counts.
    if (known.namespace !== namespace) continue;
    known.policy ??= trafficPolicy;
    for (const subset of subsets) if (!known.subsets.has(subset.name)) known.subsets.set(subset.name, subset);
  }
  return collected.values();
}

function resolve(policy: TrafficPolicy | undefined, subsets: ReadonlyMap<string, Subset>): Map<string, Subset> {
  const resolved = [...subsets].map(([name, subset]) => {
    const trafficPolicy = overridden(policy, subset.trafficPolicy);
    return [name, Object.freeze({ ...subset, ...(trafficPolicy === undefined ? {} : { trafficPolicy }) })] as const;
  });
  return new Map(resolved);
}
