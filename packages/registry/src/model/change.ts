import type { Check, CheckStatus } from "./check.ts";
import type { KvEntry } from "./kv-entry.ts";
import type { CatalogNode } from "./node.ts";
import type { Service } from "./service.ts";
import type { Session } from "./session.ts";

/** One step of the state, complete in itself: the state changes by these and by nothing else, live and in recovery. */
export type Change =
  | { readonly op: "service"; readonly service: Service }
  /** Services and checks go by their catalog keys: ids, for those of our own node. */
  | { readonly op: "service-gone"; readonly id: string }
  | { readonly op: "check"; readonly check: Check }
  | { readonly op: "check-gone"; readonly id: string }
  | { readonly op: "node"; readonly node: CatalogNode }
  /** With all that was on it. */
  | { readonly op: "node-gone"; readonly name: string }
  | { readonly op: "session"; readonly session: Session }
  | { readonly op: "session-gone"; readonly id: string }
  | { readonly op: "status"; readonly id: string; readonly status: CheckStatus; readonly output: string }
  | { readonly op: "kv"; readonly entry: KvEntry }
  | { readonly op: "kv-gone"; readonly key: string }
  | { readonly op: "kv-tree-gone"; readonly prefix: string }
  /** No index above this one was given out before a later ceiling was safe on disk. */
  | { readonly op: "index-ceiling"; readonly ceiling: number };

/** Every kind of change. A log that holds another one was written by a newer version. */
export const knownChanges: ReadonlySet<string> = new Set<Change["op"]>([
  "service",
  "service-gone",
  "check",
  "check-gone",
  "node",
  "node-gone",
  "session",
  "session-gone",
  "status",
  "kv",
  "kv-gone",
  "kv-tree-gone",
  "index-ceiling",
]);

/** What happens at one index: all of it or nothing. */
export interface Commit {
  readonly index: number;
  readonly changes: readonly Change[];
}
