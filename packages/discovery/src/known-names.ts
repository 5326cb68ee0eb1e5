/** A name that vanished is still known for this long: services that start again are away for less. */
const forgetAfterMs = 60_000;

/**
 * The names of all services, as far as they are known. Host names do not tell upper from lower case, so neither does this. An empty answer
 * after a full one changes nothing: it is a registry that lost its memory.
 */
export class KnownNames {
  #named: ReadonlyMap<string, string> | undefined;
  readonly #vanishedAt = new Map<string, number>();

  /** True once an answer has come. */
  get isKnown(): boolean {
    return this.#named !== undefined;
  }

  learn(names: ReadonlySet<string>, now: number): void {
    if (names.size === 0 && this.#named !== undefined) return;
    const named = new Map([...names].map((name) => [name.toLowerCase(), name]));
    for (const [key] of named) this.#vanishedAt.delete(key);
    for (const [key, name] of this.#named ?? []) {
      if (named.has(key)) continue;
      const vanishedAt = this.#vanishedAt.get(key) ?? now;
      if (now - vanishedAt >= forgetAfterMs) this.#vanishedAt.delete(key);
      else {
        named.set(key, name);
        this.#vanishedAt.set(key, vanishedAt);
      }
    }
    this.#named = named;
  }

  has(name: string, now: number): boolean {
    const key = name.toLowerCase();
    return (this.#named?.has(key) ?? false) && !this.#isForgotten(key, now);
  }

  /** The name as the registry writes it. */
  spelling(name: string): string {
    return this.#named?.get(name.toLowerCase()) ?? name;
  }

  list(now: number): readonly string[] {
    return [...(this.#named ?? [])].filter(([key]) => !this.#isForgotten(key, now)).map(([, name]) => name);
  }

  #isForgotten(key: string, now: number): boolean {
    const vanishedAt = this.#vanishedAt.get(key);
    return vanishedAt !== undefined && now - vanishedAt >= forgetAfterMs;
  }
}
