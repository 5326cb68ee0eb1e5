import type { Clock } from "../clock.ts";
import type { TimerNode, Timers } from "../timers.ts";

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly node: TimerNode;
}

/**
 * Time that moves only when told to: clock and timers for tests and simulations. Whatever is due happens in order, at exactly its time.
 */
export class VirtualTime implements Clock, Timers {
  #now = 0;
  #order = 0;
  #heap: Entry[] = [];
  readonly #wallStart: number;

  constructor(wallStart: number = Date.UTC(2026, 0, 1)) {
    this.#wallStart = wallStart;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#wallStart + this.#now;
  }

  schedule(node: TimerNode, delayMs: number): void {
    this.scheduleAt(node, this.#now + Math.max(0, delayMs));
  }

  scheduleAt(node: TimerNode, dueAt: number): void {
    node.dueAt = Math.max(this.#now, dueAt);
    // A node that moves leaves its old entry behind; the entry no longer matches and is dropped when it comes up.
    node.list = node;
    this.#push({ at: node.dueAt, order: this.#order++, node });
  }

  cancel(node: TimerNode): void {
    node.list = undefined;
  }

  /** Lets `ms` milliseconds pass. */
  advance(ms: number): void {
    this.runUntil(this.#now + ms);
  }

  /** Lets time pass until nothing more is scheduled, or until `limit`. */
  runUntil(limit: number = Number.POSITIVE_INFINITY): void {
    while (this.step(limit));
    if (limit !== Number.POSITIVE_INFINITY) this.#now = Math.max(this.#now, limit);
  }

  /** Moves to the next thing that is scheduled and lets it happen. False when there is none until `limit`. */
  step(limit: number = Number.POSITIVE_INFINITY): boolean {
    for (let entry = this.#heap[0]; entry !== undefined && entry.at <= limit; entry = this.#heap[0]) {
      this.#pop();
      const { node, at } = entry;
      if (node.list === undefined || node.dueAt !== at) continue;
      this.#now = Math.max(this.#now, at);
      node.list = undefined;
      node.due(this.#now);
      return true;
    }
    return false;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent] as Entry)) break;
      heap[at] = heap[parent] as Entry;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child += 1;
      if (!isBefore(heap[child] as Entry, last)) break;
      heap[at] = heap[child] as Entry;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
