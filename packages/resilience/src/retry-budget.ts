import { type Clock, systemClock } from "@enmesh/core";
import { OptionCheck, withDefaults } from "./options.ts";

export interface RetryBudgetOptions {
  /** Retries that every call earns: 0.2 lets one call in five be repeated. @default 0.2 */
  readonly ratio?: number;
  /** Retries per second that are always allowed, so that a quiet service can retry at all. @default 3 */
  readonly minRetriesPerSecond?: number;
  /** How long a call's deposit counts, in milliseconds: 1 000 to 60 000. @default 10_000 */
  readonly ttlMs?: number;
}

export const retryBudgetDefaults: Required<RetryBudgetOptions> = Object.freeze({
  ratio: 0.2,
  minRetriesPerSecond: 3,
  ttlMs: 10_000,
});

const slotCount = 10;
const depositUnit = 1_000;

/**
 * Keeps retries to a share of the calls, so that they cannot bring down a service that is already in trouble. Every call
 * deposits, every retry withdraws, both are forgotten after a while. (Finagle's RetryBudget: window of 10 slots, reserve of minimum retries.)
 */
export class RetryBudget {
  readonly #clock: Clock;
  readonly #slotMs: number;
  readonly #cost: number;
  readonly #reserve: number;
  readonly #slots = new Float64Array(slotCount);
  readonly #earns: boolean;
  #sum = 0;
  #slotNumber: number;

  constructor(options: RetryBudgetOptions = {}, clock: Clock = systemClock) {
    const { ratio, minRetriesPerSecond, ttlMs } = checkRetryBudget(options);
    this.#clock = clock;
    this.#slotMs = ttlMs / slotCount;
    this.#earns = ratio > 0;
    this.#cost = ratio > 0 ? depositUnit / ratio : 1;
    this.#reserve = minRetriesPerSecond * (ttlMs / 1_000) * this.#cost;
    this.#slotNumber = Math.floor(clock.now() / this.#slotMs);
  }

  /** Retries that could be made now. */
  get balance(): number {
    this.#expire(this.#clock.now());
    return Math.max(0, Math.floor((this.#sum + this.#reserve) / this.#cost + 1e-9));
  }

  /** A call was made for the first time. */
  deposit(now: number = this.#clock.now()): void {
    if (this.#earns) this.#add(depositUnit, now);
  }

  /** Asks for one retry. False: it must not be made. */
  withdraw(): boolean {
    if (this.balance < 1) return false;
    this.#add(-this.#cost, this.#clock.now());
    return true;
  }

  #add(amount: number, now: number): void {
    this.#expire(now);
    const slot = this.#slotNumber % slotCount;
    this.#slots[slot] = (this.#slots[slot] ?? 0) + amount;
    this.#sum += amount;
  }

  #expire(now: number): void {
    const slotNumber = Math.floor(now / this.#slotMs);
    const passed = slotNumber - this.#slotNumber;
    if (passed <= 0) return;
    for (let step = 1; step <= Math.min(passed, slotCount); step++) {
      const slot = (this.#slotNumber + step) % slotCount;
      this.#sum -= this.#slots[slot] ?? 0;
      this.#slots[slot] = 0;
    }
    this.#slotNumber = slotNumber;
  }
}

/** The options, complete. Throws when one of them cannot be. */
export function checkRetryBudget(options: RetryBudgetOptions): Required<RetryBudgetOptions> {
  const merged = withDefaults(options, retryBudgetDefaults);
  const check = new OptionCheck("retry budget", options, retryBudgetDefaults);
  check.number("ratio", merged.ratio, 0, 1_000);
  check.number("minRetriesPerSecond", merged.minRetriesPerSecond, 0, 1_000_000);
  check.number("ttlMs", merged.ttlMs, 1_000, 60_000);
  check.done();
  return merged;
}
