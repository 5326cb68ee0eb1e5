import { setTimeout as sleep } from "node:timers/promises";

import type { ShopProcess } from "../starter/shop-process.ts";

export interface LoadOptions {
  /** Requests per second, whatever the shop does. @default 100 */
  readonly rate?: number;
  /** How many of each kind in turn. @default catalog 5, recommendations 2, orders 2, users 1 */
  readonly mix?: Readonly<Record<string, number>>;
  /** Looks at the end whether each order that was confirmed is there. @default false */
  readonly verify?: boolean;
}

export const loadDefaults: Required<LoadOptions> = Object.freeze({
  rate: 100,
  mix: Object.freeze({ catalog: 5, recommendations: 2, orders: 2, users: 1 }),
  verify: false,
});

interface Counts {
  readonly sent: number;
  readonly ok: number;
  /** No answer, or one with a status from 400 on. */
  readonly failed: number;
  /** Answered well, but with something else than what was asked for. */
  readonly wrong: number;
}

/** What the load generator says every second. */
export interface LoadSecond extends Counts {
  readonly type: "second";
  /** Seconds since the start. */
  readonly at: number;
  /** Milliseconds from the moment that the schedule said, so that a slow shop cannot hide behind requests not sent. */
  readonly p50: number;
  readonly p99: number;
  /** Answers by service and version. */
  readonly versions: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly total: Counts;
  /** Reasons of failures since the start, and how often. */
  readonly failures: Readonly<Record<string, number>>;
}

/** What it says at its end. */
export interface LoadSummary extends Counts {
  readonly type: "summary";
  readonly unanswered: number;
  /** Orders that were confirmed and are not there; undefined when nobody looked. */
  readonly lost: number | undefined;
  readonly failures: Readonly<Record<string, number>>;
}

/** The command line of the load generator. */
export function loadArguments(url: string, options: LoadOptions): readonly string[] {
  const { rate, mix, verify } = { ...loadDefaults, ...options };
  const mixed = Object.entries(mix).map(([kind, share]) => `${kind}=${share}`);
  return ["--url", url, "--rate", `${rate}`, "--mix", mixed.join(","), ...(verify ? ["--verify"] : [])];
}

/** The load generator as its starter sees it: what it has reported, and the way to end it. */
export class LoadReports {
  readonly process: ShopProcess;
  readonly seconds: LoadSecond[] = [];
  readonly #listeners = new Set<(second: LoadSecond) => void>();
  readonly #summary = Promise.withResolvers<LoadSummary>();

  constructor(makeProcess: (onMessage: (message: unknown) => void) => ShopProcess) {
    this.process = makeProcess((message) => this.#take(message as LoadSecond | LoadSummary));
  }

  /** Calls back every second. Returns what ends that. */
  listen(listener: (second: LoadSecond) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends nothing more, waits for the answers that are due, and resolves with the counts. */
  async stop(): Promise<LoadSummary> {
    const ended = this.process.kill("SIGTERM").then(async () => {
      await sleep(500); // its last words may arrive after the news of its end
      throw new Error(`the load generator ended without its counts: ${this.process.lastWords}`);
    });
    return await Promise.race([this.#summary.promise, ended]);
  }

  #take(message: LoadSecond | LoadSummary): void {
    if (message.type === "summary") this.#summary.resolve(message);
    if (message.type !== "second") return;
    this.seconds.push(message);
    if (this.seconds.length > 3_600) this.seconds.shift();
    for (const listener of this.#listeners) listener(message);
  }
}
