/** Anything that keeps one value per slot. */
export interface SlotHolder {
  readonly slots: unknown[];
}

let taken = 0;

/**
 * A typed place that a policy keeps on a call, an endpoint or a destination: an array index instead of a map lookup.
 * Make it once, when the policy is made.
 */
export class Slot<T> {
  readonly #index = taken++;

  get(holder: SlotHolder): T | undefined {
    return holder.slots[this.#index] as T | undefined;
  }

  set(holder: SlotHolder, value: T | undefined): void {
    holder.slots[this.#index] = value;
  }

  /** The value, made on first use. */
  of(holder: SlotHolder, make: () => T): T {
    const kept = this.get(holder);
    if (kept !== undefined) return kept;
    const made = make();
    this.set(holder, made);
    return made;
  }
}
