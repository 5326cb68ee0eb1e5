/** How much later a client comes back for every other that probably comes back with it. */
const msPerClient = 5;

/**
 * Guesses how many others watch the same registry, from what it tells: that many services with about that many instances each. When a
 * registry restarts, everybody loses their connection in the same moment, and nothing but chance spreads their return; three instances need no
 * spreading, ten thousand need most of a minute.
 */
export class Fleet {
  #names = 0;
  readonly #instances = new Map<string, number>();

  named(names: number): void {
    this.#names = Math.max(this.#names, names);
  }

  told(service: string, instances: number): void {
    // An empty answer comes from a registry that lost its memory: it says nothing about how many we are.
    if (instances > 0) this.#instances.set(service, instances);
  }

  forget(service: string): void {
    this.#instances.delete(service);
  }

  /** Over how much time the return is to be spread. */
  get spreadMs(): number {
    const sizes = [...this.#instances.values()];
    const mean = sizes.length === 0 ? 1 : sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    return Math.min(60_000, this.#names * mean * msPerClient);
  }
}
