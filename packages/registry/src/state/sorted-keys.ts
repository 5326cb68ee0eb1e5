/** Keys in order, so that a prefix is one stretch of them. */
export class SortedKeys {
  readonly #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  add(key: string): void {
    const at = this.#find(key);
    if (this.#keys[at] !== key) this.#keys.splice(at, 0, key);
  }

  remove(key: string): void {
    const at = this.#find(key);
    if (this.#keys[at] === key) this.#keys.splice(at, 1);
  }

  /** The keys that begin with `prefix`, in order. */
  startingWith(prefix: string): string[] {
    const first = this.#find(prefix);
    let end = first;
    while (end < this.#keys.length && (this.#keys[end] as string).startsWith(prefix)) end += 1;
    return this.#keys.slice(first, end);
  }

  /** Takes out the keys that begin with `prefix` and returns them. */
  takeStartingWith(prefix: string): string[] {
    const taken = this.startingWith(prefix);
    this.#keys.splice(this.#find(prefix), taken.length);
    return taken;
  }

  /** Where the key stands, or would stand. */
  #find(key: string): number {
    let [low, high] = [0, this.#keys.length];
    // Most keys come in order when a log is read: look at the end first.
    if (high > 0 && (this.#keys[high - 1] as string) < key) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#keys[middle] as string) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
