/** Anything that keeps one value per slot. */
export interface SlotHolder {
  /** Written by slots alone. */
  slots: unknown[];
}

const taken = { call: 0, place: 0 };

/** What a slot is kept on: a call or attempt, which come and go, or a place (a destination, an endpoint), which stays. */
export type SlotKind = keyof typeof taken;

/** The slots of a new call: most calls never need any, and then share these. */
export const noSlots: unknown[] = Object.freeze([]) as unknown as unknown[];

/** Room for the slots of a usual pipeline, so that writing one does not make the array grow. */
function callSlots(): unknown[] {
  return [undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined];
}

/**
 * A typed value that a policy keeps on a call, an endpoint or a destination: an array index instead of a map lookup.
 * Make the slot once, when the policy is made.
 */
export class Slot<T> {
  readonly #index: number;

  constructor(kind: SlotKind) {
    this.#index = taken[kind]++;
  }

  get(holder: SlotHolder): T | undefined {
    return holder.slots[this.#index] as T | undefined;
  }

  set(holder: SlotHolder, value: T | undefined): void {
    if (holder.slots === noSlots) holder.slots = callSlots();
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
