/**
 * Remembers when keys were deleted, so that the index of what is left under a prefix moves forward and not back. Bounded:
 * when the oldest are forgotten, every prefix takes over the youngest index among them.
 */
export class Tombstones {
  readonly #deletedAt = new Map<string, number>();
  readonly #limit: number;
  #forgottenAt: number;

  constructor(limit = 2_048, forgottenAt = 1) {
    this.#limit = limit;
    this.#forgottenAt = forgottenAt;
  }

  bury(key: string, index: number): void {
    // Anew, so that the oldest stay in front.
    this.#deletedAt.delete(key);
    this.#deletedAt.set(key, index);
    if (this.#deletedAt.size <= this.#limit) return;
    for (const [oldest, deletedAt] of this.#deletedAt) {
      if (this.#deletedAt.size <= this.#limit / 2) return;
      this.#deletedAt.delete(oldest);
      this.#forgottenAt = Math.max(this.#forgottenAt, deletedAt);
    }
  }

  /** The index that a missing key shows. */
  indexOfKey(key: string): number {
    return Math.max(this.#forgottenAt, this.#deletedAt.get(key) ?? 1);
  }

  /** The index of the last deletion under a prefix. */
  indexOfPrefix(prefix: string): number {
    let index = this.#forgottenAt;
    for (const [key, deletedAt] of this.#deletedAt) if (deletedAt > index && key.startsWith(prefix)) index = deletedAt;
    return index;
  }

  /** Forgets all; every missing key and every prefix shows `index` from now on. */
  rebase(index: number): void {
    this.#deletedAt.clear();
    this.#forgottenAt = index;
  }
}
