import { type MeshError, type Runtime, TimerCallback } from "@enmesh/core";

import { pauseAfter } from "../backoff.ts";
import type { Watch } from "../source.ts";
import type { ConsulAnswer, Pending } from "./consul-client.ts";
import { notUnderstood, registryError } from "./registry-error.ts";

export interface BlockingWatchOptions {
  /** The registry, for messages. */
  readonly name: string;
  /** Asks for what changed after `index`; 0 asks for the present state. */
  readonly ask: (index: bigint) => Pending;
  readonly deliver: (body: unknown) => void;
  readonly onTrouble: (error: MeshError) => void;
  readonly runtime: Runtime;
  /** Changes when another address answers: what was heard is then asked for anew. @default never */
  readonly era?: () => number;
  /** How many addresses there are to try before it is called trouble. @default 1 */
  readonly addresses?: number;
  /** Over how much time the return to a registry that was lost is spread. @default 0 */
  readonly spreadMs?: () => number;
}

/** While the registry is away it is asked again within five seconds. */
const retry = Object.freeze({ firstMs: 200, maxMs: 5_000 });
/** Ten questions a second, two of them at once: a registry that never blocks is not asked in a busy loop, and a burst of changes becomes few answers. */
const pace = Object.freeze({ everyMs: 100, burst: 2, mostMs: 2_000 });

/**
 * Follows one resource of a Consul API by blocking queries: each question is held until something changes. After any trouble, and when the index
 * goes back (the registry started afresh), the next question asks for the present state without waiting.
 */
export class BlockingWatch implements Watch {
  readonly #options: BlockingWatchOptions;
  readonly #timer = new TimerCallback(() => this.#ask());
  #index = 0n;
  #era: number;
  #wasAnswered = false;
  #failures = 0;
  #paidUntil = 0;
  #pending: Pending | undefined;
  #isOver = false;

  constructor(options: BlockingWatchOptions) {
    this.#options = options;
    this.#era = options.era?.() ?? 0;
    this.#paidUntil = options.runtime.clock.now() - this.#everyMs * pace.burst;
    this.#ask();
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.runtime.timers.cancel(this.#timer);
    this.#pending?.cancel();
  }

  #ask(): void {
    const era = this.#options.era?.() ?? 0;
    if (era !== this.#era) this.#index = 0n;
    this.#era = era;
    this.#pending = this.#options.ask(this.#index);
    this.#pending.answer.then(
      (answer) => this.#answered(answer),
      (error: unknown) => this.#failed(error),
    );
  }

  #answered(answer: ConsulAnswer): void {
    if (this.#isOver) return;
    const index = indexOf(answer);
    if (index === undefined) return this.#failed(notUnderstood(this.#options.name, "answers without X-Consul-Index"));
    this.#failures = 0;
    this.#wasAnswered = true;
    const isNews = this.#index === 0n || index !== this.#index;
    this.#index = index < this.#index ? 0n : index;
    if (isNews) this.#options.deliver(answer.body);
    if (!this.#isOver) this.#askAgain();
  }

  /** The more there are who are woken together by every change, the fewer changes are worth a question of their own. */
  get #everyMs(): number {
    const { spreadMs } = this.#options;
    return Math.min(pace.mostMs, Math.max(pace.everyMs, (spreadMs?.() ?? 0) / 15));
  }

  #askAgain(): void {
    const { clock, timers } = this.#options.runtime;
    const now = clock.now();
    const everyMs = this.#everyMs;
    this.#paidUntil = Math.max(this.#paidUntil, now - everyMs * pace.burst) + everyMs;
    if (this.#paidUntil <= now) this.#ask();
    else timers.schedule(this.#timer, this.#paidUntil - now);
  }

  #failed(error: unknown): void {
    if (this.#isOver) return;
    const { name, onTrouble, runtime, addresses = 1, spreadMs } = this.#options;
    this.#failures += 1;
    this.#index = 0n;
    const hasOther = this.#failures < addresses && this.#options.era?.() !== this.#era;
    if (hasOther) return runtime.timers.schedule(this.#timer, 0);
    // Who had an answer lost it together with everybody else: they must not all come back in the same moment.
    const chance = (this.#failures > 1 ? 0.5 : 0) + runtime.random();
    const spread = this.#wasAnswered ? (spreadMs?.() ?? 0) * chance : 0;
    runtime.timers.schedule(this.#timer, pauseAfter(this.#failures, retry, runtime.random) + spread);
    onTrouble(registryError(name, error));
  }
}

/** An index is never 0 by the protocol; one that is counts as 1, so that the next question still waits. */
function indexOf({ headers }: ConsulAnswer): bigint | undefined {
  const header = headers["x-consul-index"];
  if (typeof header !== "string" || !/^\d{1,20}$/.test(header)) return undefined;
  const index = BigInt(header);
  return index === 0n ? 1n : index;
}
