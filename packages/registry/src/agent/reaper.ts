import type { Check } from "../model/check.ts";
import { Deadlines, type DeadlinesOptions } from "./deadlines.ts";

const shortestMs = 60_000;

/** Removes services that were critical for too long, where they were registered with `DeregisterCriticalServiceAfter`. */
export class Reaper {
  readonly #deadlines: Deadlines;

  constructor(options: DeadlinesOptions) {
    this.#deadlines = new Deadlines(options);
  }

  /** Looks at a check whenever it is new or its status changed. */
  look(check: Check): void {
    if (check.status !== "critical" || check.deregisterAfterMs <= 0 || check.serviceId === "")
      return this.forget(check.id);
    if (this.#deadlines.has(check.id)) return;
    this.#deadlines.set(check.id, Math.max(shortestMs, check.deregisterAfterMs));
  }

  forget(checkId: string): void {
    this.#deadlines.clear(checkId);
  }

  stop(): void {
    this.#deadlines.clearAll();
  }
}
