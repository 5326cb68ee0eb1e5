import type { CheckStatus } from "../model/check.ts";
import type { Probe } from "../model/probe.ts";

/** Counts results in a row, so that one stumble need not change a status. */
export class Thresholds {
  #successes = 0;
  #failures = 0;

  /** The status that follows from one more result; undefined when there are not yet enough of its kind. */
  statusAfter(found: CheckStatus, probe: Probe): CheckStatus | undefined {
    const { successBeforePassing = 0, failuresBeforeCritical = 0 } = probe;
    const failuresBeforeWarning = probe.failuresBeforeWarning || failuresBeforeCritical;
    if (found !== "critical") {
      this.#failures = 0;
      this.#successes += 1;
      return this.#successes >= successBeforePassing ? found : undefined;
    }
    this.#successes = 0;
    this.#failures += 1;
    if (this.#failures >= failuresBeforeCritical) return "critical";
    return this.#failures >= failuresBeforeWarning ? "warning" : undefined;
  }
}
