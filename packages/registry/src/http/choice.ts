import { compileFilter, type Filter } from "../filter/compile.ts";
import type { Struct } from "../filter/schema.ts";
import { FilterError } from "../filter/tokens.ts";
import { metaOf, type NodeFacts } from "../render/node.ts";
import { Rejection } from "./exchange.ts";

/** Keeps all. */
export const keepAll: Filter = () => true;

/** The `?filter=` of a query over items of this shape. @throws Rejection 500, as Consul does, for one that cannot be read. */
export function filterOf(query: URLSearchParams, shape: Struct, prefix: string = evaluator): Filter {
  const text = query.size === 0 ? null : query.get("filter");
  if (text === null || text.trim() === "") return keepAll;
  try {
    return compileFilter(text, shape);
  } catch (error) {
    if (error instanceof FilterError) throw new Rejection(500, `${prefix}${error.message}`);
    throw error;
  }
}

const evaluator = "Failed to create boolean expression evaluator: ";

/** True for the nodes that have every `?node-meta=key:value` of a query. */
export function nodeChoice(query: URLSearchParams): (node: NodeFacts) => boolean {
  const wanted = query.size === 0 ? [] : query.getAll("node-meta").map((pair) => pair.split(/:(.*)/s));
  if (wanted.length === 0) return () => true;
  return (node) => {
    const meta = metaOf(node) ?? {};
    return wanted.every(([key = "", value = ""]) => Object.hasOwn(meta, key) && meta[key] === value);
  };
}

/** True where a query asks for less than all, so that no kept text will do. */
export function isChoosy(query: URLSearchParams): boolean {
  return query.size > 0 && (query.has("filter") || query.has("node-meta"));
}
