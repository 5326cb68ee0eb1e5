import type { LoadSecond, LoadSummary } from "./reports.ts";

type Versions = Record<string, Record<string, number>>;

/** Counts what became of the requests: of the last second, and of the whole run. */
export class Tally {
  readonly #started = performance.now();
  #second = emptySecond();
  #total = { sent: 0, ok: 0, failed: 0, wrong: 0 };
  #failures: Record<string, number> = {};
  #underWay = 0;

  get underWay(): number {
    return this.#underWay;
  }

  sent(): void {
    this.#second.sent += 1;
    this.#total.sent += 1;
    this.#underWay += 1;
  }

  /** A request is over; `reason` says why it was no success. */
  over(
    result: "ok" | "failed" | "wrong",
    ms: number,
    { version, reason }: { version?: string | undefined; reason?: string },
  ): void {
    this.#underWay -= 1;
    this.#second[result] += 1;
    this.#total[result] += 1;
    this.#second.durations.push(ms);
    if (reason !== undefined) this.#failures[reason] = (this.#failures[reason] ?? 0) + 1;
    const [service, name] = version?.split("/") ?? [];
    if (service !== undefined && name !== undefined) {
      const versions = (this.#second.versions[service] ??= {});
      versions[name] = (versions[name] ?? 0) + 1;
    }
  }

  /** The second that has just ended; the next one begins empty. */
  turn(): LoadSecond {
    const { durations, ...counts } = this.#second;
    this.#second = emptySecond();
    const sorted = durations.toSorted((one, other) => one - other);
    const at = Math.round((performance.now() - this.#started) / 1_000);
    return {
      type: "second",
      at,
      ...counts,
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      total: { ...this.#total },
      failures: { ...this.#failures },
    };
  }

  summary(lost: number | undefined): LoadSummary {
    return { type: "summary", ...this.#total, unanswered: this.#underWay, lost, failures: this.#failures };
  }
}

function emptySecond(): {
  sent: number;
  ok: number;
  failed: number;
  wrong: number;
  durations: number[];
  versions: Versions;
} {
  return { sent: 0, ok: 0, failed: 0, wrong: 0, durations: [], versions: {} };
}

/** The nearest rank, in milliseconds with one decimal. */
function percentile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return Math.round(value * 10) / 10;
}
