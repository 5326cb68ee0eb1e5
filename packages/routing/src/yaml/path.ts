import type { YamlNode } from "./node.ts";

/** The steps of a path such as `spec.http[0].route`. */
export function stepsOf(path: string): (string | number)[] {
  return path
    .split(/\.|(?=\[)/)
    .filter((step) => step !== "")
    .map((step) => (/^\[\d+\]$/.test(step) ? Number(step.slice(1, -1)) : step));
}

/** Where a path stands: the key of a field, the start of a list item. A path that is not there gives its nearest parent. */
export function offsetOf(root: YamlNode, steps: readonly (string | number)[]): number {
  let node = root;
  let offset = root.offset;
  for (const step of steps) {
    const entry = node.type === "map" ? node.entries.get(String(step)) : undefined;
    const item = node.type === "list" ? node.items[Number(step)] : undefined;
    const next = entry?.value ?? item;
    if (next === undefined) return offset;
    offset = entry?.keyOffset ?? next.offset;
    node = next;
  }
  return offset;
}

/** Adds a field to a path; names that would be misread stand in brackets. */
export function fieldPath(parent: string, name: string): string {
  if (!/^[A-Za-z_][\w-]*$/.test(name)) return `${parent}[${JSON.stringify(name.slice(0, 60))}]`;
  return parent === "" ? name : `${parent}.${name}`;
}
