import {
  type Duration,
  type Policy,
  type Refusal,
  refuse,
  type RoutedCall,
  type Runtime,
  Slot,
  TimerNode,
} from "@enmesh/core";
import { OptionCheck, withDefaults } from "./options.ts";

export interface BulkheadOptions {
  /** Attempts to one destination that may run at once. @default 256 */
  readonly maxConcurrent?: number;
  /** Attempts that may wait for a place. @default 64 */
  readonly maxQueue?: number;
  /** How long they may wait. @default "1s" */
  readonly maxWait?: Duration;
}

export const bulkheadDefaults: Required<BulkheadOptions> = Object.freeze({
  maxConcurrent: 256,
  maxQueue: 64,
  maxWait: 1_000,
});

const emptyCompartment = (): Compartment => ({ running: 0, isHandingOver: false, queue: new Set() });

interface Compartment {
  running: number;
  isHandingOver: boolean;
  /** In the order they came; a Set, so that whoever gives up leaves in one step. */
  readonly queue: Set<Waiter>;
}

/**
 * Lets at most `maxConcurrent` attempts to one destination run at once, and `maxQueue` wait, so that one slow service
 * cannot use up the process. A place is given back while a call backs off.
 *
 * @example
 * ```ts
 * import { scripted, simulate } from "@enmesh/core/simulation";
 * import { bulkhead } from "@enmesh/resilience";
 *
 * const world = simulate(scripted([200], 10));
 * world.through(bulkhead({ maxConcurrent: 1, maxQueue: 0 }, world.runtime));
 * console.log(world.many(2, 0).map((run) => run.error)); // [ 'ENMESH_BULKHEAD_FULL', undefined ]
 * ```
 */
export function bulkhead(options: BulkheadOptions, runtime: Runtime): Policy<RoutedCall> {
  const { limit, maxQueue, maxWaitMs } = checkBulkhead(options);
  const compartments = new Slot<Compartment>("place");

  const full = (call: RoutedCall): Refusal => {
    const { name } = call.destination;
    runtime.events.report({ type: "bulkhead.full", destination: name, limit });
    return refuse(
      "ENMESH_BULKHEAD_FULL",
      `${limit} calls to "${name}" are under way and no place came free; raise bulkhead.maxConcurrent or slow down`,
    );
  };

  return {
    name: "bulkhead",
    admit: (call) => {
      const compartment = compartments.of(call.destination, emptyCompartment);
      const { queue } = compartment;
      // A place that is just being handed over belongs to whoever waits, not to whoever comes by.
      if (compartment.running < limit && queue.size === 0) {
        compartment.running += 1;
        return undefined;
      }
      if (queue.size >= maxQueue) return full(call);
      return {
        type: "wait",
        begin: (resume) => {
          const waiter = new Waiter(runtime, queue, resume, () => full(call));
          runtime.timers.schedule(waiter, maxWaitMs);
          return () => waiter.leave();
        },
      };
    },
    settle: (call) => {
      const compartment = compartments.get(call.destination) as Compartment;
      compartment.running -= 1;
      handOver(compartment, limit);
    },
  };
}

/** Gives what is free to whoever waits longest. A loop: a call that ends at once comes by here again, and finds it running. */
function handOver(compartment: Compartment, limit: number): void {
  if (compartment.isHandingOver) return;
  compartment.isHandingOver = true;
  try {
    for (const next of compartment.queue) {
      if (compartment.running >= limit) return;
      compartment.running += 1;
      next.takePlace();
    }
  } finally {
    compartment.isHandingOver = false;
  }
}

class Waiter extends TimerNode {
  readonly #runtime: Runtime;
  readonly #queue: Set<Waiter>;
  readonly #resume: (refusal?: Refusal) => void;
  readonly #full: () => Refusal;

  constructor(runtime: Runtime, queue: Set<Waiter>, resume: (refusal?: Refusal) => void, full: () => Refusal) {
    super();
    this.#runtime = runtime;
    this.#queue = queue;
    this.#resume = resume;
    this.#full = full;
    queue.add(this);
  }

  takePlace(): void {
    this.leave();
    this.#resume();
  }

  /** Waited long enough. */
  due(): void {
    this.leave();
    this.#resume(this.#full());
  }

  leave(): void {
    this.#queue.delete(this);
    this.#runtime.timers.cancel(this);
  }
}

function checkBulkhead(options: BulkheadOptions): { limit: number; maxQueue: number; maxWaitMs: number } {
  const merged = withDefaults(options, bulkheadDefaults);
  const check = new OptionCheck("bulkhead", options, bulkheadDefaults);
  const limit = check.count("maxConcurrent", merged.maxConcurrent, 1);
  const maxQueue = check.count("maxQueue", merged.maxQueue, 0);
  const maxWaitMs = check.duration("maxWait", merged.maxWait);
  check.done();
  return { limit, maxQueue, maxWaitMs };
}
