import type { Resources } from "./resources/resource.ts";
import { labelOf } from "./resources/resource.ts";

/** How two sets of resources differ: `VirtualService/orders` and the like. */
export interface Changes {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Compares by name and by what the documents say; a moved comment is no change. */
export function changesBetween(before: Resources, after: Resources): Changes {
  const [old, fresh] = [contents(before), contents(after)];
  return {
    added: [...fresh.keys()].filter((name) => !old.has(name)),
    changed: [...fresh].filter(([name, text]) => old.has(name) && old.get(name) !== text).map(([name]) => name),
    removed: [...old.keys()].filter((name) => !fresh.has(name)),
  };
}

function contents({ virtualServices, destinationRules }: Resources): Map<string, string> {
  const all = new Map<string, string>();
  const add = (
    kind: string,
    { name, namespace, content }: { name: string; namespace: string; content: string },
  ): void => {
    const label = labelOf(kind, namespace === "" ? name : `${namespace}/${name}`);
    all.set(label, (all.get(label) ?? "") + content);
  };
  for (const each of virtualServices) add("VirtualService", each);
  for (const each of destinationRules) add("DestinationRule", each);
  return all;
}
