import type { Change, Commit } from "../model/change.ts";
import { Catalog } from "./catalog.ts";
import { KeyValues } from "./key-values.ts";
import { Sessions } from "./sessions.ts";
import { Watchers } from "./watchers.ts";

/** Where a store sends what must outlive it. */
export interface CommitSink {
  append(commit: Commit): void;
}

/**
 * The whole state of the registry under one index that only grows. Every change goes through `commit`: it is applied,
 * handed to the journal, and whoever waits for it is told.
 */
export class Store {
  readonly catalog: Catalog = new Catalog();
  readonly keyValues: KeyValues = new KeyValues();
  readonly sessions: Sessions = new Sessions();
  readonly watchers: Watchers = new Watchers();
  readonly #observers: ((commit: Commit) => void)[] = [];
  #index: number;
  #ceiling = Number.POSITIVE_INFINITY;
  #sink: CommitSink | undefined;

  constructor(firstIndex = 1) {
    this.#index = firstIndex;
    this.#rebase();
  }

  /** The index of the last commit. Never 0, never smaller than before. */
  get index(): number {
    return this.#index;
  }

  /** Everything from here on goes to this journal as well. */
  writeTo(sink: CommitSink): void {
    this.#sink = sink;
  }

  /** Calls back after every commit; the observer may commit in turn. */
  observe(observer: (commit: Commit) => void): void {
    this.#observers.push(observer);
  }

  /** Makes a change at the next index, which `changes` may need to know. */
  commit(changes: (index: number) => readonly Change[]): void {
    const commit = { index: this.#index + 1, changes: changes(this.#index + 1) };
    if (commit.changes.length === 0) return;
    const touched = this.#apply(commit);
    this.#sink?.append(commit);
    if (commit.index > this.#ceiling - ceilingStep / 2) this.#raiseCeiling();

    this.watchers.touch(touched);
    for (const change of commit.changes) this.#touchKeys(change);
    for (const observer of this.#observers) observer(commit);
  }

  /** Takes over commits from a log, in their order. Nobody is told. */
  replay(commits: Iterable<Commit>): void {
    for (const commit of commits) this.#apply(commit);
  }

  /** Ends recovery: whatever an earlier life gave out is smaller than every index from here on. */
  resume(): void {
    const highest = this.#ceiling === Number.POSITIVE_INFINITY ? this.#index : Math.max(this.#index, this.#ceiling);
    this.#index = highest + 1;
    this.#rebase();
    this.#raiseCeiling();
  }

  /** The state as commits: replaying them into an empty store gives this one. */
  *snapshot(): Generator<Commit> {
    if (this.#ceiling !== Number.POSITIVE_INFINITY) yield this.#one({ op: "index-ceiling", ceiling: this.#ceiling });
    for (const node of this.catalog.nodes.values()) yield this.#one({ op: "node", node });
    for (const service of this.catalog.services.values()) yield this.#one({ op: "service", service });
    for (const check of this.catalog.checks.values()) yield this.#one({ op: "check", check });
    for (const session of this.sessions.byId.values()) yield this.#one({ op: "session", session });
    for (const entry of this.keyValues.under("")) yield this.#one({ op: "kv", entry });
  }

  #one(change: Change): Commit {
    return { index: this.#index, changes: [change] };
  }

  #apply({ index, changes }: Commit): Set<string> {
    this.#index = Math.max(this.#index, index);
    const touched = new Set<string>();
    for (const change of changes) {
      if (change.op === "index-ceiling") this.#ceiling = change.ceiling;
      this.catalog.apply(change, index, (topic) => touched.add(topic));
      this.sessions.apply(change, index, (topic) => touched.add(topic));
      this.keyValues.apply(change, index);
    }
    return touched;
  }

  #touchKeys(change: Change): void {
    if (change.op === "kv") this.watchers.touchKeys(change.entry.key, false);
    else if (change.op === "kv-gone") this.watchers.touchKeys(change.key, false);
    else if (change.op === "kv-tree-gone") this.watchers.touchKeys(change.prefix, true);
  }

  /** Readers see an index before it is on disk; the ceiling, written long before, keeps the next life above it. */
  #raiseCeiling(): void {
    this.#ceiling = this.#index + ceilingStep;
    this.#sink?.append(this.#one({ op: "index-ceiling", ceiling: this.#ceiling }));
  }

  #rebase(): void {
    this.catalog.rebase(this.#index);
    this.sessions.rebase(this.#index);
    this.keyValues.rebase(this.#index);
  }
}

const ceilingStep = 1_000_000;
