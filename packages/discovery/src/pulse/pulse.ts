import { Worker } from "node:worker_threads";

import { type Runtime, TimerCallback } from "@enmesh/core";

import type { BeatRequest, FromWorker, ToWorker } from "./beat-request.ts";

export interface PulseOptions {
  readonly runtime: Runtime;
  readonly heartbeatMs: number;
  readonly livenessMs: number;
  /** The main loop is back, and the worker spoke for it meanwhile. */
  readonly onStoodIn: (told: { beats: number; stillMs: number; saidDown: boolean }) => void;
  /** No worker can run here; the main loop beats alone. */
  readonly onFailed: (reason: string) => void;
}

/**
 * The heartbeat's second pair of lungs: a thread that hears the main loop turn, four times per heartbeat. While the loop is blocked it beats in its
 * place, with the word that was acknowledged last, so that a computation of some seconds takes nobody out of the registry; and when
 * the loop stays still for too long it says so.
 *
 * The worker starts with the first word and keeps no process alive.
 */
export class Pulse {
  readonly #options: PulseOptions;
  readonly #turn = new TimerCallback(() => this.#turned());
  #worker: Worker | undefined;
  #hushes = 0;
  readonly #hushing = new Map<number, (wasBeating: boolean) => void>();
  #isSpeaking = false;
  #isOver = false;

  constructor(options: PulseOptions) {
    this.#options = options;
  }

  /** From now on this is said while the main loop is still. */
  say(up: BeatRequest, down: BeatRequest): void {
    if (this.#isOver) return;
    this.#worker ??= this.#start();
    const { heartbeatMs, livenessMs } = this.#options;
    // The loop may have been about to beat (1.1 heartbeats) when it stopped: together below two heartbeats, the shortest lease.
    const word = {
      up,
      down,
      everyMs: heartbeatMs,
      stillAfterMs: 0.75 * heartbeatMs,
      livenessMs,
      timeoutMs: Math.min(2_000, heartbeatMs),
    };
    this.#post({ type: "word", word });
    if (!this.#isSpeaking) this.#options.runtime.timers.schedule(this.#turn, heartbeatMs / 4);
    this.#isSpeaking = true;
  }

  /** Nothing more is said. Calls back, when a beat was still under way, once it has arrived. */
  hush(late: () => void = () => {}): void {
    if (!this.#isSpeaking || this.#worker === undefined) return;
    this.#isSpeaking = false;
    this.#options.runtime.timers.cancel(this.#turn);
    const number = (this.#hushes += 1);
    this.#hushing.set(number, (wasBeating) => wasBeating && late());
    this.#post({ type: "hush", number });
  }

  close(): void {
    this.#isOver = true;
    this.#isSpeaking = false;
    this.#options.runtime.timers.cancel(this.#turn);
    this.#hushing.clear();
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  #turned(): void {
    this.#post({ type: "turn" });
    this.#options.runtime.timers.schedule(this.#turn, this.#options.heartbeatMs / 4);
  }

  #start(): Worker | undefined {
    try {
      // Sources run as .ts, the package as .js. Whatever was loaded into the main thread with --import must not start here again.
      const file = import.meta.url.endsWith(".ts") ? "./pulse-worker.ts" : "./pulse-worker.js";
      const { NODE_OPTIONS: _, ...env } = process.env;
      const resourceLimits = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 };
      const worker = new Worker(new URL(file, import.meta.url), {
        name: "enmesh-heartbeat",
        execArgv: [],
        env,
        resourceLimits,
      });
      worker.on("message", (message: FromWorker) => this.#heard(message));
      worker.on("error", (error) => this.#failed(error as Error));
      // Last: whoever listens to a worker holds the process again.
      worker.unref();
      return worker;
    } catch (error) {
      this.#failed(error as Error);
      return undefined;
    }
  }

  #heard(message: FromWorker): void {
    if (this.#isOver) return;
    if (message.type === "stoodIn") {
      const { beats, stillMs, saidDown } = message;
      return this.#options.onStoodIn({ beats, stillMs: Math.round(stillMs), saidDown });
    }
    this.#hushing.get(message.number)?.(message.wasBeating);
    this.#hushing.delete(message.number);
  }

  #failed(error: Error): void {
    const isNews = !this.#isOver;
    this.close();
    if (isNews) this.#options.onFailed(error.message);
  }

  #post(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }
}
