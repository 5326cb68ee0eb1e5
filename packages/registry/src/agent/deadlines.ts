import { type Runtime, TimerNode } from "@enmesh/core";

import type { LoopWatch } from "./loop-watch.ts";

class Deadline extends TimerNode {
  readonly id: string;
  readonly #owner: Deadlines;
  lostMs = 0;

  constructor(id: string, owner: Deadlines) {
    super();
    this.id = id;
    this.#owner = owner;
  }

  due(now: number): void {
    this.#owner.due(this, now);
  }
}

export interface DeadlinesOptions {
  readonly runtime: Runtime;
  readonly loopWatch: LoopWatch;
  readonly passed: (id: string) => void;
}

/**
 * Deadlines by id, on the timing wheel: setting one anew is O(1) and allocates nothing. A deadline never passes in
 * time that our own event loop has lost.
 */
export class Deadlines {
  readonly #options: DeadlinesOptions;
  readonly #byId = new Map<string, Deadline>();

  constructor(options: DeadlinesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#byId.size;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** Milliseconds until the deadline of `id`; undefined when it has none. */
  leftMs(id: string): number | undefined {
    const deadline = this.#byId.get(id);
    return deadline === undefined ? undefined : deadline.dueAt - this.#options.runtime.clock.now();
  }

  /** Sets, or moves, the deadline of `id`. */
  set(id: string, afterMs: number): void {
    const { runtime, loopWatch } = this.#options;
    let deadline = this.#byId.get(id);
    if (deadline === undefined) this.#byId.set(id, (deadline = new Deadline(id, this)));
    deadline.lostMs = loopWatch.lostMs(runtime.clock.now());
    runtime.timers.schedule(deadline, afterMs);
  }

  clear(id: string): void {
    const deadline = this.#byId.get(id);
    if (deadline === undefined) return;
    this.#byId.delete(id);
    this.#options.runtime.timers.cancel(deadline);
  }

  clearAll(): void {
    for (const id of this.#byId.keys()) this.clear(id);
  }

  due(deadline: Deadline, now: number): void {
    const { runtime, loopWatch, passed } = this.#options;
    const lostMs = loopWatch.lostMs(now);
    const owedMs = lostMs - deadline.lostMs;
    if (owedMs > 0) {
      deadline.lostMs = lostMs;
      runtime.timers.schedule(deadline, owedMs);
      runtime.events.report({ type: "lease.extended", check: deadline.id, byMs: owedMs });
      return;
    }
    this.#byId.delete(deadline.id);
    passed(deadline.id);
  }
}
