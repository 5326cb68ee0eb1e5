import { Pool } from "undici";

/** One request as its maker saw it: sent at its scheduled time, whatever became of the others. */
export interface Sample {
  readonly id: string;
  /** Milliseconds since the traffic began. */
  readonly atMs: number;
  /** From the scheduled moment to the last byte of the answer. */
  readonly tookMs: number;
  /** 0 when no answer came. */
  readonly status: number;
  readonly answer: unknown;
  readonly version: string | undefined;
  readonly error: string | undefined;
}

export interface TrafficOptions {
  readonly url: string;
  readonly perSecond: number;
  /** What is sent for the request of this id and number. */
  readonly make: (
    id: string,
    number: number,
  ) => {
    readonly method: string;
    readonly path: string;
    readonly headers?: Record<string, string>;
    readonly body?: string;
  };
}

/**
 * Requests on a fixed schedule (open loop): a slow answer does not hold the next request back, so that waiting shows as waiting. Every request
 * has an id of its own, and every one is accounted for.
 */
export class Traffic {
  readonly samples: Sample[] = [];
  readonly #options: TrafficOptions;
  readonly #pool: Pool;
  readonly #startedAt = performance.now();
  readonly #running = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #made = 0;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#pool = new Pool(options.url, { connections: 256 });
    this.#timer = setInterval(() => this.#catchUp(), 5);
  }

  /** Milliseconds since it began. */
  get nowMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Requests made so far. */
  get made(): number {
    return this.#made;
  }

  /** Stops, waits for every answer, and gives all samples. */
  async stop(): Promise<readonly Sample[]> {
    clearInterval(this.#timer);
    await Promise.all(this.#running);
    await this.#pool.close();
    return this.samples;
  }

  #catchUp(): void {
    const everyMs = 1_000 / this.#options.perSecond;
    for (; this.#made * everyMs <= this.nowMs; this.#made++) {
      const one = this.#one(this.#made, this.#made * everyMs);
      this.#running.add(one);
      void one.finally(() => this.#running.delete(one));
    }
  }

  async #one(number: number, atMs: number): Promise<void> {
    const id = `${number}-${Math.random().toString(16).slice(2, 10)}`;
    const { method, path, headers, body } = this.#options.make(id, number);
    let status = 0;
    let answer: unknown;
    let version: string | undefined;
    let error: string | undefined;
    try {
      const response = await this.#pool.request({ method, path, headers: headers ?? {}, body: body ?? null });
      status = response.statusCode;
      version = response.headers["x-version"] as string | undefined;
      answer = await response.body.json();
    } catch (thrown) {
      error = String(thrown);
    }
    this.samples.push({ id, atMs, tookMs: this.nowMs - atMs, status, answer, version, error });
  }
}

/** Those that were not answered, or not with success. */
export function failedOf(samples: readonly Sample[]): readonly Sample[] {
  return samples.filter(({ status, error }) => error !== undefined || status < 200 || status >= 300);
}

/** The value below which this share of the times lies. */
export function percentile(samples: readonly Sample[], share: number): number {
  const times = samples.map(({ tookMs }) => tookMs).toSorted((one, other) => one - other);
  return times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
