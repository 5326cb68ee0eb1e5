import { EventEmitter } from "node:events";
import CircuitBreaker from "opossum";

const buckets = 10;

/** opossum's action: it is asked to record a failure, and nothing else. */
const fail = (failure: Error): Promise<never> => {
  throw failure;
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
  readonly #breaker: CircuitBreaker<[Error], never>;
  readonly #turns = new EventEmitter();
  readonly #bucketMs: number;
  #bucketNumber: number;
  /** opossum's newest bucket, the one that it counts into. */
  #bucket!: Bucket;

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
    this.#breaker = new CircuitBreaker(fail, settings);
    this.#takeBucket();
  }

  /** Counts one finished attempt. When the window is now bad enough to open: what it held; it is empty after that. */
  count(now: number, failure: Error | undefined): Tally | undefined {
    this.#turnTo(now);
    if (failure === undefined) {
      // A success decides nothing while the breaker is closed: it is counted where opossum's own listeners would count it,
      // without the promise and the events of a `fire` (a third of a microsecond and a kilobyte on the path of every call).
      this.#bucket.fires += 1;
      this.#bucket.successes += 1;
      return undefined;
    }
    this.#breaker.fire(failure).catch(ignore);
    // opossum keeps every latency of its window, used or not; this one is kept by nobody.
    this.#bucket.latencyTimes.length = 0;
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
    this.#takeBucket();
    this.#breaker.close();
  }

  #turnTo(now: number): void {
    const number = Math.floor(now / this.#bucketMs);
    if (number <= this.#bucketNumber) return;
    const turns = Math.min(number - this.#bucketNumber, buckets);
    for (let turn = 0; turn < turns; turn++) this.#turns.emit("rotate");
    this.#bucketNumber = number;
    this.#takeBucket();
  }

  #takeBucket(): void {
    const { window } = this.#breaker.status as unknown as { window: readonly [Bucket] };
    [this.#bucket] = window;
  }
}

/** What we touch of a bucket of opossum's window (`status.window`). */
interface Bucket {
  fires: number;
  successes: number;
  readonly latencyTimes: unknown[];
}
