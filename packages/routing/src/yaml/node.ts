/** A value of a YAML document that remembers where it stands. Aliases are already resolved. */
export type YamlNode = YamlMap | YamlList | YamlScalar;

interface YamlMap {
  readonly type: "map";
  readonly offset: number;
  readonly entries: ReadonlyMap<string, YamlEntry>;
}

export interface YamlEntry {
  readonly keyOffset: number;
  readonly value: YamlNode;
}

interface YamlList {
  readonly type: "list";
  readonly offset: number;
  readonly items: readonly YamlNode[];
}

interface YamlScalar {
  readonly type: "scalar";
  readonly offset: number;
  readonly value: string | number | boolean | null;
}

/** The plain value of a node: objects without a prototype, so that a key called `__proto__` is a key like any other. */
export function plainOf(node: YamlNode): unknown {
  if (node.type === "scalar") return node.value;
  if (node.type === "list") return node.items.map(plainOf);
  const value = Object.create(null) as Record<string, unknown>;
  for (const [key, entry] of node.entries) value[key] = plainOf(entry.value);
  return value;
}
