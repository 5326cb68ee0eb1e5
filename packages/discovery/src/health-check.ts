import { type Runtime, TimerCallback } from "@enmesh/core";

/** Says how the service does: well when it resolves, badly when it rejects or resolves to false. */
export type HealthCheck = (signal: AbortSignal) => unknown;

export interface HealthWatchOptions {
  readonly check: HealthCheck;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly runtime: Runtime;
  /** Told after every check: the reason why the service is not well, or undefined. */
  readonly onResult: (ailment: string | undefined) => void;
}

/** Asks a service's own health check again and again, one at a time. */
export class HealthWatch {
  readonly #options: HealthWatchOptions;
  readonly #next = new TimerCallback(() => void this.#check());
  #first: Promise<void> | undefined;
  #isOver = false;

  constructor(options: HealthWatchOptions) {
    this.#options = options;
  }

  /** Resolves with the first result. */
  start(): Promise<void> {
    this.#first ??= this.#check();
    return this.#first;
  }

  stop(): void {
    this.#isOver = true;
    this.#options.runtime.timers.cancel(this.#next);
  }

  async #check(): Promise<void> {
    const { runtime, everyMs, onResult } = this.#options;
    const ailment = await this.#ask();
    if (this.#isOver) return;
    // While our own loop was blocked, a check that came late says nothing about the service.
    const isOurFault = ailment?.isLate === true && runtime.clock.now() < runtime.distrustsItselfUntil;
    if (!isOurFault) onResult(ailment?.reason);
    if (!this.#isOver) runtime.timers.schedule(this.#next, everyMs);
  }

  #ask(): Promise<{ reason: string; isLate: boolean } | undefined> {
    const { check, timeoutMs, runtime } = this.#options;
    const controller = new AbortController();
    return new Promise((resolve) => {
      const late = new TimerCallback(() => {
        resolve({ reason: `the health check did not answer within ${timeoutMs} ms`, isLate: true });
        controller.abort();
      });
      runtime.timers.schedule(late, timeoutMs);
      const answer = async (): Promise<unknown> => check(controller.signal);
      answer()
        .then(
          (value) => resolve(value === false ? { reason: "the health check failed", isLate: false } : undefined),
          (error: unknown) => resolve({ reason: reasonOf(error), isLate: false }),
        )
        .finally(() => runtime.timers.cancel(late));
    });
  }
}

function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return (reason === "" ? "the health check failed" : reason).slice(0, 200);
}
