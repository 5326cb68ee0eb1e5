import type { Instance } from "@enmesh/core";

/**
 * Keeps one of several instances with the same id: the one that is up. An instance that moved to another agent of its registry is told of
 * twice for a while, and what its old agent says about it is history.
 */
export function oneOfEach(instances: readonly Instance[]): readonly Instance[] {
  const kept = new Map<string, Instance>();
  const others: Instance[] = [];
  for (const instance of instances) {
    const known = kept.get(instance.id);
    if (known === undefined || (known.status !== "UP" && instance.status === "UP")) kept.set(instance.id, instance);
    else if (known.address !== instance.address || known.port !== instance.port) others.push(instance);
  }
  return [...kept.values(), ...others];
}
