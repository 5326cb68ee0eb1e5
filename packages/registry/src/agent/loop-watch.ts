import { type Runtime, TimerNode } from "@enmesh/core";

// A block of less than both together may go unnoticed.
const beatMs = 50;
const toleratedMs = 50;

/**
 * Counts how much time was lost because our own event loop was blocked: what was due then came late, and so did the
 * beats that wait unread in our sockets. Whoever judges others by time gives them that time back.
 */
export class LoopWatch extends TimerNode {
  readonly #runtime: Runtime;
  #lostMs = 0;

  constructor(runtime: Runtime) {
    super();
    this.#runtime = runtime;
    runtime.timers.schedule(this, beatMs);
  }

  /** Milliseconds lost so far, a delay that we are only just noticing included. */
  lostMs(now: number): number {
    return this.#lostMs + this.#lateBy(now);
  }

  stop(): void {
    this.#runtime.timers.cancel(this);
  }

  due(now: number): void {
    this.#lostMs += this.#lateBy(now);
    this.#runtime.timers.schedule(this, beatMs);
  }

  #lateBy(now: number): number {
    const lateMs = now - this.dueAt;
    // The block began somewhere in the interval before: count all of it.
    return lateMs > toleratedMs ? lateMs + beatMs : 0;
  }
}
