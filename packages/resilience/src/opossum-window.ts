import { EventEmitter } from "node:events";
import CircuitBreaker from "opossum";

const buckets = 10;

/** What opossum's action is asked to record: nothing for a success, the failure otherwise. */
type Record = (failure: Error | undefined) => PromiseLike<undefined>;

/** A thenable that is done at once: opossum counts a success in the same tick instead of two microtasks later. */
// oxlint-disable-next-line no-thenable
const done = { then: (ok: () => void) => (ok(), { catch: () => {} }) } as unknown as PromiseLike<undefined>;
const record: Record = (failure) => {
  if (failure !== undefined) throw failure;
  return done;
};
const ignore = (): void => {};

/** What a window holds. */
export interface Tally {
  readonly failures: number;
  readonly calls: number;
}

export interface OpossumWindowOptions {
  readonly name: string;
  readonly windowMs: number;
  /** Opens at this share of failures, 0 to 1, the boundary included. */
  readonly failureRatio: number;
  readonly minimumCalls: number;
}

/**
 * opossum as what it is good at: the rolling window and the decision to open. Outcomes are recorded when they are known,
 * so that calls under way do not thin the window; its timers, cache, coalescing, capacity and percentiles stay off, and
 * its buckets turn by our clock, so that an idle breaker costs no timer at all.
 */
export class OpossumWindow {
  readonly #breaker: CircuitBreaker<[Error | undefined], undefined>;
  readonly #turns = new EventEmitter();
  readonly #bucketMs: number;
  #bucketNumber: number;
  #latencies: unknown[] = [];

  constructor(options: OpossumWindowOptions, now: number) {
    this.#bucketMs = options.windowMs / buckets;
    this.#bucketNumber = Math.floor(now / this.#bucketMs);
    const settings = {
      name: options.name,
      timeout: false as const,
      // When to try again is decided by the policy, on the injected clock; opossum's own timer never comes.
      resetTimeout: 2 ** 31 - 1,
      rollingCountTimeout: options.windowMs,
      rollingCountBuckets: buckets,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      volumeThreshold: options.minimumCalls,
      // opossum opens strictly above its threshold; ours includes the boundary.
      errorThresholdPercentage: options.failureRatio * 100 - 1e-9,
      rotateBucketController: this.#turns,
    };
    this.#breaker = new CircuitBreaker(record as (failure: Error | undefined) => Promise<undefined>, settings);
    this.#takeLatencies();
  }

  /** Counts one finished attempt. When the window is now bad enough to open: what it held; it is empty after that. */
  count(now: number, failure: Error | undefined): Tally | undefined {
    this.#turnTo(now);
    this.#breaker.fire(failure).catch(ignore);
    // opossum keeps every latency of its window, used or not; this one is kept by nobody.
    this.#latencies.length = 0;
    if (!this.#breaker.opened) return undefined;
    const tally = this.tally(now);
    this.#clear();
    return tally;
  }

  /** Failures and calls in the window. */
  tally(now: number): Tally {
    this.#turnTo(now);
    const { failures, fires } = this.#breaker.stats;
    return { failures, calls: fires };
  }

  /** opossum is never left open: it would keep a timer, and being open is the policy's affair. */
  #clear(): void {
    for (let turn = 0; turn < buckets; turn++) this.#turns.emit("rotate");
    this.#takeLatencies();
    this.#breaker.close();
  }

  #turnTo(now: number): void {
    const number = Math.floor(now / this.#bucketMs);
    if (number <= this.#bucketNumber) return;
    const turns = Math.min(number - this.#bucketNumber, buckets);
    for (let turn = 0; turn < turns; turn++) this.#turns.emit("rotate");
    this.#bucketNumber = number;
    this.#takeLatencies();
  }

  #takeLatencies(): void {
    const window = this.#breaker.status as unknown as { window: { latencyTimes: unknown[] }[] };
    this.#latencies = window.window[0]?.latencyTimes ?? [];
  }
}
