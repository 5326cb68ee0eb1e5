/** Who wants to be told. A listener that throws harms neither the others nor the one who tells. */
export class Listeners<T> {
  #listeners: readonly ((value: T) => void)[] = [];

  add(listener: (value: T) => void): () => void {
    // Wrapped, so that the same function may listen twice and stop once.
    const own = (value: T): void => listener(value);
    this.#listeners = [...this.#listeners, own];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== own);
    };
  }

  tell(value: T): void {
    for (const listener of this.#listeners) {
      if (!this.#listeners.includes(listener)) continue;
      try {
        listener(value);
      } catch {
        // It is the listener's own failure.
      }
    }
  }

  /** Tells all and forgets them. */
  tellOnce(this: Listeners<void>): void {
    const waiting = new Listeners<void>();
    waiting.#listeners = this.#listeners;
    this.clear();
    waiting.tell();
  }

  clear(): void {
    this.#listeners = [];
  }
}
