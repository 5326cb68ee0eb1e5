import { type EdgeLabels, type IstioLabels, istioLabels, unknown } from "./labels.ts";

/** One time series: its labels, and a histogram in a plain array. Counting touches nothing else and allocates nothing. */
export class Series {
  readonly labels: IstioLabels;
  readonly status: number;
  readonly flags: string;
  /** One cell per bucket, one for what is above the last bound, then the sum. */
  readonly cells: Float64Array;
  readonly #bounds: Float64Array;

  constructor(labels: IstioLabels, status: number, flags: string, bounds: Float64Array) {
    this.labels = labels;
    this.status = status;
    this.flags = flags;
    this.cells = new Float64Array(bounds.length + 2);
    this.#bounds = bounds;
  }

  count(ms: number): void {
    const bounds = this.#bounds;
    const last = bounds.length;
    let bucket = 0;
    while (bucket < last && ms > (bounds[bucket] as number)) bucket += 1;
    const { cells } = this;
    cells[bucket] = (cells[bucket] as number) + 1;
    cells[last + 1] = (cells[last + 1] as number) + ms;
  }

  get sum(): number {
    return this.cells[this.cells.length - 1] as number;
  }

  get total(): number {
    let total = 0;
    for (let bucket = 0; bucket < this.cells.length - 1; bucket++) total += this.cells[bucket] as number;
    return total;
  }
}

export interface SeriesLimits {
  readonly maxSeries: number;
  readonly bucketsMs: readonly number[];
  /** What `response_code` says of this status and these flags. */
  readonly codeOf: (status: number, flags: string) => string;
}

/** All series of a process. Never more than the limit. */
export class SeriesTable {
  readonly all: Series[] = [];
  readonly #limits: SeriesLimits;
  readonly #bounds: Float64Array;

  constructor(limits: SeriesLimits) {
    this.#limits = limits;
    this.#bounds = Float64Array.from(limits.bucketsMs);
  }

  /** What is worth rendering. */
  get counted(): Series[] {
    return this.all.filter(({ total }) => total > 0);
  }

  get isFull(): boolean {
    return this.all.length >= this.#limits.maxSeries;
  }

  /** A new series, or undefined when there are as many as there may be. */
  open(edge: EdgeLabels, status: number, flags: string): Series | undefined {
    return this.isFull
      ? undefined
      : this.#add(istioLabels(edge, this.#limits.codeOf(status, flags), flags), status, flags);
  }

  /** A series that counts what finds no place of its own. Opened before all others. */
  openOverflow(edge: EdgeLabels): Series {
    return this.#add(istioLabels(edge, unknown, unknown), 0, unknown);
  }

  #add(labels: IstioLabels, status: number, flags: string): Series {
    const series = new Series(labels, status, flags, this.#bounds);
    this.all.push(series);
    return series;
  }
}
