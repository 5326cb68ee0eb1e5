import type { Change } from "../model/change.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import type { Store } from "./store.ts";

/**
 * Changes to keys before they happen: every step sees those before it, and all of them become one commit, or none. So a
 * transaction is whole, and a single write is a transaction of one step.
 */
export class KvDraft {
  readonly #store: Store;
  readonly #drafted = new Map<string, KvEntry | undefined>();
  readonly #changes: Change[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  /** The index at which all of this will have happened. */
  get index(): number {
    return this.#store.index + 1;
  }

  get(key: string): KvEntry | undefined {
    return this.#drafted.has(key) ? this.#drafted.get(key) : this.#store.keyValues.get(key);
  }

  under(prefix: string): KvEntry[] {
    const keys = new Set(this.#store.keyValues.keysUnder(prefix));
    for (const key of this.#drafted.keys()) if (key.startsWith(prefix)) keys.add(key);
    const inOrder = [...keys].toSorted((a, b) => (a < b ? -1 : 1));
    return inOrder.map((key) => this.get(key)).filter((entry) => entry !== undefined);
  }

  /** Sets an entry at the draft's index. One that already says the same keeps the index it has. */
  put(wanted: Omit<KvEntry, "createIndex" | "modifyIndex">): KvEntry {
    const before = this.get(wanted.key);
    if (before !== undefined && saysSame(before, wanted)) return before;
    const entry = { ...wanted, createIndex: before?.createIndex ?? this.index, modifyIndex: this.index };
    this.#drafted.set(entry.key, entry);
    this.#changes.push({ op: "kv", entry });
    return entry;
  }

  remove(key: string): void {
    if (this.get(key) === undefined) return;
    this.#drafted.set(key, undefined);
    this.#changes.push({ op: "kv-gone", key });
  }

  removeTree(prefix: string): void {
    const found = this.under(prefix);
    if (found.length === 0) return;
    for (const { key } of found) this.#drafted.set(key, undefined);
    this.#changes.push({ op: "kv-tree-gone", prefix });
  }

  commit(): void {
    this.#store.commit(() => this.#changes);
  }
}

function saysSame(before: KvEntry, wanted: Omit<KvEntry, "createIndex" | "modifyIndex">): boolean {
  return (
    before.flags === wanted.flags &&
    before.session === wanted.session &&
    (before.lockIndex ?? 0) === (wanted.lockIndex ?? 0) &&
    before.value.equals(wanted.value)
  );
}
