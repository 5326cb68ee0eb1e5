import type { Exit, ShopProcess } from "../shop.ts";
import type { Screen } from "./screen.ts";

/** Long enough to see that the traffic does without it. */
const againInMs = 3_000;
/** Ending this often within this time is no accident. */
const mostEnds = 3;
const withinMs = 60_000;

/** Starts what has ended by itself again, as a supervisor would; what keeps crashing is left alone, and both are said. */
export class Reviver {
  readonly #screen: Screen;
  readonly #endedAt = new Map<ShopProcess, number[]>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #isOff = true;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** From now on; before, a process that ends is a failed start. */
  on(): void {
    this.#isOff = false;
  }

  off(): void {
    this.#isOff = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  ended(process: ShopProcess, exit: Exit): void {
    if (this.#isOff) return;
    const now = performance.now();
    const ends = [...(this.#endedAt.get(process) ?? []), now].filter((at) => now - at < withinMs);
    this.#endedAt.set(process, ends);
    const isLeft = ends.length >= mostEnds;
    this.#screen.ended(process, exit, isLeft ? undefined : againInMs);
    if (!isLeft) this.#later(process);
  }

  #later(process: ShopProcess): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      // When it does not come up, its end was told already, and counted.
      process
        .start()
        .then(() => this.#screen.again(process))
        .catch(() => {});
    }, againInMs);
    this.#timers.add(timer);
  }
}
