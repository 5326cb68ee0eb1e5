import type { TrafficPolicy } from "../resources/traffic-policy.ts";

/**
 * What holds for a subset: each block is the subset's own, whole, or the destination's. A subset that limits connections keeps nothing of the destination's
 * `connectionPool`.
 */
export function overridden(
  policy: TrafficPolicy | undefined,
  subset: TrafficPolicy | undefined,
): TrafficPolicy | undefined {
  if (policy === undefined || subset === undefined) return subset ?? policy;
  const ports = new Map<number, TrafficPolicy>();
  for (const [port, settings] of policy.ports ?? []) ports.set(port, { ...settings, ...withoutPorts(subset) });
  for (const [port, settings] of subset.ports ?? []) ports.set(port, settings);
  return { ...policy, ...subset, ...(ports.size === 0 ? {} : { ports }) };
}

/**
 * What holds for one port of a destination. Settings of a port replace all of the destination's `loadBalancer`, `outlierDetection` and `connectionPool`: a block
 * they leave out has the default, not the destination's value. The retry budget stays.
 */
export function policyForPort(policy: TrafficPolicy, port: number): TrafficPolicy {
  const settings = policy.ports?.get(port);
  if (settings === undefined) return policy;
  return { ...(policy.retryBudget === undefined ? {} : { retryBudget: policy.retryBudget }), ...settings };
}

function withoutPorts({ ports: _, ...blocks }: TrafficPolicy): TrafficPolicy {
  return blocks;
}
