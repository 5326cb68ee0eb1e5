import type { Change } from "../model/change.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import { SortedKeys } from "./sorted-keys.ts";
import { Tombstones } from "./tombstones.ts";

/** The key-value store, and how far each key and prefix has moved. It changes only by `apply`. */
export class KeyValues {
  readonly #entries = new Map<string, KvEntry>();
  readonly #keys = new SortedKeys();
  /** The keys that each session holds. */
  readonly #heldBy = new Map<string, Set<string>>();
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

  /** The entries that a session has locked. */
  heldBy(session: string): KvEntry[] {
    return [...(this.#heldBy.get(session) ?? [])].map((key) => this.#entries.get(key) as KvEntry);
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
    if (change.op === "kv") this.#put(change.entry);
    else if (change.op === "kv-gone") {
      if (!this.#entries.has(change.key)) return;
      this.#drop(change.key, index);
      this.#keys.remove(change.key);
    } else if (change.op === "kv-tree-gone") {
      for (const key of this.#keys.takeStartingWith(change.prefix)) this.#drop(key, index);
    }
  }

  #put(entry: KvEntry): void {
    const before = this.#entries.get(entry.key);
    if (before?.session !== entry.session) this.#letGo(before);
    this.#entries.set(entry.key, entry);
    this.#keys.add(entry.key);
    if (entry.session === undefined) return;
    const held = this.#heldBy.get(entry.session);
    if (held === undefined) this.#heldBy.set(entry.session, new Set([entry.key]));
    else held.add(entry.key);
  }

  #drop(key: string, index: number): void {
    this.#letGo(this.#entries.get(key));
    this.#entries.delete(key);
    this.#tombstones.bury(key, index);
  }

  #letGo(entry: KvEntry | undefined): void {
    if (entry?.session === undefined) return;
    const held = this.#heldBy.get(entry.session);
    held?.delete(entry.key);
    if (held?.size === 0) this.#heldBy.delete(entry.session);
  }
}
