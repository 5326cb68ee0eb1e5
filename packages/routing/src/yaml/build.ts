import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from "yaml";

import { codes } from "../diagnostics/codes.ts";
import type { SourceFile } from "../diagnostics/source-file.ts";
import { limits } from "./limits.ts";
import type { YamlEntry, YamlNode } from "./node.ts";

/** Thrown once, where going on would cost too much. */
export class TooMuch extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Turns a parsed document into nodes: aliases followed, duplicates reported, everything counted. */
export class NodeBuilder {
  readonly #file: SourceFile;
  #values = 0;

  constructor(file: SourceFile) {
    this.#file = file;
  }

  build(document: Document): YamlNode {
    return this.#node(document.contents, document, 0, 0);
  }

  #node(node: Node | null | undefined, document: Document, parentOffset: number, depth: number): YamlNode {
    const offset = node?.range?.[0] ?? parentOffset;
    if (depth > limits.depth) throw new TooMuch(`nests deeper than ${limits.depth} levels`, offset);
    this.#values += 1;
    if (this.#values > limits.values) {
      throw new TooMuch(`holds more than ${limits.values} values (aliases counted as often as they are used)`, offset);
    }
    if (isAlias(node)) return this.#alias(node, document, offset, depth);
    if (isMap(node)) return this.#map(node, document, offset, depth);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.#node(item as Node | null, document, offset, depth + 1));
      return { type: "list", offset, items };
    }
    return { type: "scalar", offset, value: isScalar(node) ? scalarOf(node.value) : null };
  }

  #alias(alias: Alias, document: Document, offset: number, depth: number): YamlNode {
    const target = alias.resolve(document) as Node | undefined;
    if (target !== undefined) return this.#node(target, document, offset, depth + 1);
    this.#file.report("error", codes.yamlInvalid, `*${alias.source} is not defined above`, this.#at(offset), "");
    return { type: "scalar", offset, value: null };
  }

  #map(map: YAMLMap, document: Document, offset: number, depth: number): YamlNode {
    const entries = new Map<string, YamlEntry>();
    for (const { key, value } of map.items as Pair<Node, Node | null>[]) {
      const keyOffset = key?.range?.[0] ?? offset;
      if (!isScalar(key)) {
        this.#file.report("error", codes.yamlInvalid, "a key must be plain text", this.#at(keyOffset), "");
        continue;
      }
      const name = String(scalarOf(key.value) ?? "");
      if (entries.has(name)) {
        const message = `${JSON.stringify(name.slice(0, 60))} stands here twice; keep one of them`;
        this.#file.report("error", codes.duplicateKey, message, this.#at(keyOffset), "");
        continue;
      }
      entries.set(name, { keyOffset, value: this.#node(value, document, keyOffset, depth + 1) });
    }
    return { type: "map", offset, entries };
  }

  #at(offset: number): { line: number; column: number; path: string } {
    return { ...this.#file.positionAt(offset), path: "" };
  }
}

function scalarOf(value: unknown): string | number | boolean | null {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  // The core schema makes nothing else.
  return null;
}
