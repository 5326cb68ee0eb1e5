/**
 * One thing that is to happen later. It is a node of the wheel's lists, so that scheduling allocates nothing: let the
 * object that waits extend it.
 */
export abstract class TimerNode {
  /** When it is due, on the monotonic clock. Written by the timers. */
  dueAt = 0;
  /** The list this node stands in, or undefined when it is not scheduled. Written by the timers. */
  list: TimerNode | undefined = undefined;
  next: TimerNode | undefined = undefined;
  previous: TimerNode | undefined = undefined;
  /** True when the process must stay alive for it. Written by the timers. */
  holdsProcess = false;

  /** The time has come. Never called before `dueAt`. */
  abstract due(now: number): void;
}

/** Schedules nodes. One per process in real life, one per simulation in tests. */
export interface Timers {
  /** Lets `node.due` be called once `delayMs` has passed. A node that is already scheduled moves. `holdsProcess` keeps the process alive until then; the default lets it end. */
  schedule(node: TimerNode, delayMs: number, holdsProcess?: boolean): void;
  /** The same at a moment of the monotonic clock, for whoever knows it: saves a look at the clock. */
  scheduleAt(node: TimerNode, dueAt: number, holdsProcess?: boolean): void;
  /** Forgets the node. Harmless when it is not scheduled. */
  cancel(node: TimerNode): void;
}

/** A plain function as a timer node, for the places where one allocation does not matter. */
export class TimerCallback extends TimerNode {
  readonly #run: (now: number) => void;

  constructor(run: (now: number) => void) {
    super();
    this.#run = run;
  }

  due(now: number): void {
    this.#run(now);
  }
}
