import type { EdgeLabels } from "./labels.ts";
import type { Series, SeriesTable } from "./series.ts";

/**
 * Who calls whom. It finds the series of an outcome by looking at the few that it has: a typical edge has one to five, and
 * the last one that matched is looked at first.
 */
export class Edge {
  readonly labels: EdgeLabels;
  readonly series: Series[] = [];
  retries = 0;
  readonly #table: SeriesTable;
  readonly #overflow: Series;
  #last: Series;

  constructor(labels: EdgeLabels, table: SeriesTable, overflow: Series) {
    this.labels = labels;
    this.#table = table;
    this.#overflow = overflow;
    this.#last = overflow;
  }

  count(status: number, flags: string, ms: number): void {
    const last = this.#last;
    if (last.status === status && last.flags === flags && last !== this.#overflow) last.count(ms);
    else this.#find(status, flags).count(ms);
  }

  #find(status: number, flags: string): Series {
    for (const series of this.series) {
      if (series.status === status && series.flags === flags) return (this.#last = series);
    }
    const opened = this.#table.open(this.labels, status, flags);
    if (opened === undefined) return this.#overflow;
    this.series.push(opened);
    return (this.#last = opened);
  }
}
