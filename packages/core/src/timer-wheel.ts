import { AsyncResource } from "node:async_hooks";

import { type Clock, systemClock } from "./clock.ts";
import { TimerNode, type Timers } from "./timers.ts";

export interface TimerWheelOptions {
  readonly clock?: Clock;
  /** Precision in milliseconds: on a free event loop a node fires at most this much late, and never early. @default 8 */
  readonly tickMs?: number;
  /** Number of slots; a power of two. @default 1024 */
  readonly slots?: number;
  /** Told how late a tick came, when that was more than `lateAfterMs`: the event loop was blocked. */
  readonly onLate?: (lateMs: number) => void;
  /** @default 100 */
  readonly lateAfterMs?: number;
}

/** The one interval belongs to nobody: started inside a request, it would keep that request's async context for all. */
const outside = new AsyncResource("EnmeshTimerWheel");

class ListHead extends TimerNode {
  constructor() {
    super();
    this.next = this;
    this.previous = this;
  }
  due(): void {}
}

/**
 * A hashed timing wheel (Varghese and Lauck, 1987): scheduling and cancelling are O(1) and allocate nothing, so every
 * call can have its deadline for about 70 ns. It has one interval, runs only while something is scheduled, and lets the process end
 * unless a node says otherwise.
 */
export class TimerWheel implements Timers {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #mask: number;
  readonly #slots: readonly ListHead[];
  readonly #onLate: ((lateMs: number) => void) | undefined;
  readonly #lateAfterMs: number;
  #handled = 0;
  #scheduled = 0;
  #holding = 0;
  #interval: NodeJS.Timeout | undefined;

  constructor(options: TimerWheelOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#tickMs = options.tickMs ?? 8;
    const slots = options.slots ?? 1024;
    if (slots < 2 || (slots & (slots - 1)) !== 0)
      throw new RangeError(`timer wheel: slots must be a power of two, got ${slots}`);
    this.#mask = slots - 1;
    this.#slots = Array.from({ length: slots }, () => new ListHead());
    this.#onLate = options.onLate;
    this.#lateAfterMs = options.lateAfterMs ?? 100;
  }

  /** How many nodes wait. */
  get size(): number {
    return this.#scheduled;
  }

  schedule(node: TimerNode, delayMs: number, holdsProcess = false): void {
    this.scheduleAt(node, this.#clock.now() + Math.max(0, delayMs), holdsProcess);
  }

  scheduleAt(node: TimerNode, dueAt: number, holdsProcess = false): void {
    if (node.list !== undefined) this.cancel(node);
    if (this.#interval === undefined) this.#start(this.#clock.now());
    node.dueAt = dueAt;
    this.#place(node);
    this.#scheduled += 1;
    if (holdsProcess) {
      node.holdsProcess = true;
      this.#holding += 1;
      if (this.#holding === 1) this.#interval?.ref();
    }
  }

  cancel(node: TimerNode): void {
    if (node.list === undefined) return;
    unlink(node).list = undefined;
    this.#scheduled -= 1;
    if (node.holdsProcess) {
      node.holdsProcess = false;
      this.#holding -= 1;
      if (this.#holding === 0) this.#interval?.unref();
    }
  }

  /** Fires what is due by `now`. The wheel calls it by itself; a test with its own clock calls it by hand. */
  advance(now: number = this.#clock.now()): void {
    const target = Math.floor(now / this.#tickMs);
    const lateMs = (target - this.#handled - 1) * this.#tickMs;
    if (lateMs > this.#lateAfterMs) this.#onLate?.(lateMs);
    // After a long pause one turn of the wheel visits every slot; more turns would visit them again for nothing.
    const turns = Math.min(target - this.#handled, this.#mask + 1);
    const first = target - turns + 1;
    this.#handled = target;
    for (let tick = first; tick <= target; tick++) this.#fire(this.#slots[tick & this.#mask] as ListHead, now);
    if (this.#scheduled === 0) this.#stop();
  }

  /** In the slot of its due time, at least one tick ahead of what is already handled. */
  #place(node: TimerNode): void {
    const tick = Math.max(Math.floor(node.dueAt / this.#tickMs), this.#handled + 1);
    append(this.#slots[tick & this.#mask] as ListHead, node);
  }

  /** Empties a slot: what is due fires, what is due a little later in this tick, or in a later turn, is placed again. */
  #fire(head: ListHead, now: number): void {
    if (head.next === head) return;
    // On a list of its own, so that `due` may cancel, move and schedule whatever it likes.
    const visited = new ListHead();
    while (head.next !== head) append(visited, unlink(head.next as TimerNode));
    while (visited.next !== visited) {
      const node = visited.next as TimerNode;
      if (node.dueAt > now) {
        this.#place(unlink(node));
        continue;
      }
      this.cancel(node);
      try {
        node.due(now);
      } catch (error) {
        // It is as uncaught as it would be in a `setTimeout`, but the others still get their turn.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  #start(now: number): void {
    this.#handled = Math.floor(now / this.#tickMs);
    this.#interval = outside.runInAsyncScope(() => setInterval(() => this.advance(), this.#tickMs));
    if (this.#holding === 0) this.#interval.unref();
  }

  #stop(): void {
    clearInterval(this.#interval);
    this.#interval = undefined;
  }
}

function append(head: TimerNode, node: TimerNode): void {
  node.list = head;
  node.previous = head.previous;
  node.next = head;
  (head.previous as TimerNode).next = node;
  head.previous = node;
}

function unlink(node: TimerNode): TimerNode {
  (node.previous as TimerNode).next = node.next;
  (node.next as TimerNode).previous = node.previous;
  node.next = node.previous = undefined;
  return node;
}
