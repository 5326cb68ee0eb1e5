import type { Change } from "../model/change.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import { SortedKeys } from "./sorted-keys.ts";
import { Tombstones } from "./tombstones.ts";

/** The key-value store, and how far each key and prefix has moved. It changes only by `apply`. */
export class KeyValues {
  readonly #entries = new Map<string, KvEntry>();
  readonly #keys = new SortedKeys();
  readonly #tombstones: Tombstones;

  constructor(tombstones: Tombstones = new Tombstones()) {
    this.#tombstones = tombstones;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): KvEntry | undefined {
    return this.#entries.get(key);
  }

  /** The entries whose keys begin with `prefix`, in the order of their keys. */
  under(prefix: string): KvEntry[] {
    return this.#keys.startingWith(prefix).map((key) => this.#entries.get(key) as KvEntry);
  }

  keysUnder(prefix: string): string[] {
    return this.#keys.startingWith(prefix);
  }

  indexOfKey(key: string): number {
    return this.#entries.get(key)?.modifyIndex ?? this.#tombstones.indexOfKey(key);
  }

  indexOfPrefix(prefix: string): number {
    let index = this.#tombstones.indexOfPrefix(prefix);
    for (const key of this.#keys.startingWith(prefix)) {
      const { modifyIndex } = this.#entries.get(key) as KvEntry;
      if (modifyIndex > index) index = modifyIndex;
    }
    return index;
  }

  /** After a restart the graves are gone: let every prefix show at least `index`. */
  rebase(index: number): void {
    this.#tombstones.rebase(index);
  }

  apply(change: Change, index: number): void {
    if (change.op === "kv") {
      this.#entries.set(change.entry.key, change.entry);
      this.#keys.add(change.entry.key);
    } else if (change.op === "kv-gone") {
      if (!this.#entries.delete(change.key)) return;
      this.#keys.remove(change.key);
      this.#tombstones.bury(change.key, index);
    } else if (change.op === "kv-tree-gone") {
      for (const key of this.#keys.takeStartingWith(change.prefix)) {
        this.#entries.delete(key);
        this.#tombstones.bury(key, index);
      }
    }
  }
}
