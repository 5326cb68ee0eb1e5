/** Someone who waits for a change. */
export interface Watcher {
  /** What it waits for, besides keys. */
  readonly topics: readonly string[];
  /** It also waits for every key that begins with this. */
  readonly keyPrefix: string | undefined;
  /** Something it waits for was touched; that need not have changed what it sees. */
  touched(): void;
  /** Nothing will be touched any more: the registry closes. */
  dismissed(): void;
}

/** Everybody who waits, by what they wait for. */
export class Watchers {
  readonly #all = new Set<Watcher>();
  readonly #byTopic = new Map<string, Set<Watcher>>();
  readonly #byPrefix = new Map<string, Set<Watcher>>();

  get size(): number {
    return this.#all.size;
  }

  add(watcher: Watcher): void {
    this.#all.add(watcher);
    for (const topic of watcher.topics) enter(this.#byTopic, topic, watcher);
    if (watcher.keyPrefix !== undefined) enter(this.#byPrefix, watcher.keyPrefix, watcher);
  }

  remove(watcher: Watcher): void {
    if (!this.#all.delete(watcher)) return;
    for (const topic of watcher.topics) leave(this.#byTopic, topic, watcher);
    if (watcher.keyPrefix !== undefined) leave(this.#byPrefix, watcher.keyPrefix, watcher);
  }

  /** Tells whoever waits for one of these topics. */
  touch(touchedTopics: Iterable<string>): void {
    for (const topic of touchedTopics) tell(this.#byTopic.get(topic));
  }

  /** Tells whoever waits for this key, or for a prefix of it. For a whole tree, give its prefix. */
  touchKeys(keyOrPrefix: string, isTree: boolean): void {
    for (const [prefix, watchers] of this.#byPrefix) {
      if (keyOrPrefix.startsWith(prefix) || (isTree && prefix.startsWith(keyOrPrefix))) tell(watchers);
    }
  }

  /** Sends everybody home. */
  dismiss(): void {
    for (const watcher of Array.from(this.#all)) watcher.dismissed();
  }
}

function tell(watchers: ReadonlySet<Watcher> | undefined): void {
  if (watchers === undefined) return;
  // A copy: whoever is satisfied leaves, and may come back at once.
  for (const watcher of Array.from(watchers)) watcher.touched();
}

function enter(groups: Map<string, Set<Watcher>>, name: string, watcher: Watcher): void {
  const group = groups.get(name);
  if (group === undefined) groups.set(name, new Set([watcher]));
  else group.add(watcher);
}

function leave(groups: Map<string, Set<Watcher>>, name: string, watcher: Watcher): void {
  const group = groups.get(name);
  group?.delete(watcher);
  if (group?.size === 0) groups.delete(name);
}
