import { type Endpoint, type Instance, type Runtime, TimerCallback } from "@enmesh/core";

/** Asks an endpoint whether it is there at all. Settles by itself, within seconds. */
export type Probe = (endpoint: Endpoint) => Promise<boolean>;

export interface DoubtsOptions {
  readonly runtime: Runtime;
  readonly probe: Probe | undefined;
  readonly endpointOf: (id: string) => Endpoint | undefined;
  /** Told whom the evidence has ended: nothing answers there, or the time is over. */
  readonly onGone: (ids: readonly string[], because: "probe" | "time") => void;
}

/** Whom a registry leaves out while it tells of others is kept for this long when nobody can be asked, */
const keptMs = 120_000;
/** and for this long when it answers all the time. */
const keptAliveMs = 600_000;
/** Two silences in a row: one alone may be our own. */
const silencesToDie = 2;
const pace = Object.freeze({ firstMs: 2_000, maxMs: 30_000 });
const probesAtOnce = 10;

interface Doubt {
  readonly since: number;
  silences: number;
}

/**
 * The instances that a registry left out in one big step. Each is asked whether it still answers; who does not, twice, is gone. With
 * other instances in the answer doubt ends after ten minutes at the latest, or after two when nobody can be asked; while the registry knows nobody at all, whoever answers stays.
 */
export class Doubts {
  readonly #options: DoubtsOptions;
  readonly #held = new Map<string, Doubt>();
  readonly #timer = new TimerCallback(() => void this.#look());
  #isBounded = true;
  #rounds = 0;
  #isClosed = false;

  constructor(options: DoubtsOptions) {
    this.#options = options;
  }

  readonly isHeld = (id: string): boolean => this.#held.has(id);

  /** These are in doubt now, and no others. Answers how many of them are new. */
  hold(instances: readonly Instance[], isBounded: boolean): number {
    const now = this.#options.runtime.clock.now();
    const ids = new Set(instances.map(({ id }) => id));
    for (const id of this.#held.keys()) if (!ids.has(id)) this.#held.delete(id);
    const added = [...ids].filter((id) => !this.#held.has(id));
    for (const id of added) this.#held.set(id, { since: now, silences: 0 });
    const isBoundedNow = isBounded && !this.#isBounded;
    this.#isBounded = isBounded;
    if (this.#held.size === 0) this.#options.runtime.timers.cancel(this.#timer);
    else if (added.length > 0 || isBoundedNow) {
      this.#rounds = 0;
      this.#next(this.#options.probe === undefined ? keptMs : 0);
    }
    return added.length;
  }

  close(): void {
    this.#isClosed = true;
    this.#options.runtime.timers.cancel(this.#timer);
    this.#held.clear();
  }

  #next(afterMs: number): void {
    if (!this.#isClosed) this.#options.runtime.timers.schedule(this.#timer, afterMs);
  }

  async #look(): Promise<void> {
    const { probe } = this.#options;
    if (this.#isBounded) this.#end(this.#overdue(), "time");
    if (probe === undefined) return this.#held.size > 0 && this.#isBounded ? this.#next(1_000) : undefined;
    const ids = [...this.#held.keys()];
    for (let from = 0; from < ids.length && !this.#isClosed; from += probesAtOnce)
      await Promise.all(ids.slice(from, from + probesAtOnce).map((id) => this.#ask(id, probe)));
    if (this.#isClosed) return;
    this.#end(
      ids.filter((id) => (this.#held.get(id)?.silences ?? 0) >= silencesToDie),
      "probe",
    );
    this.#rounds += 1;
    const hasSilent = [...this.#held.values()].some(({ silences }) => silences > 0);
    if (this.#held.size > 0)
      this.#next(hasSilent ? pace.firstMs : Math.min(pace.maxMs, pace.firstMs * 2 ** this.#rounds));
  }

  async #ask(id: string, probe: Probe): Promise<void> {
    const endpoint = this.#options.endpointOf(id);
    const doubt = this.#held.get(id);
    if (endpoint === undefined || doubt === undefined) return;
    const isThere = await probe(endpoint).catch(() => false);
    const { runtime } = this.#options;
    if (isThere) doubt.silences = 0;
    // A silence while our own loop was blocked says nothing about others.
    else if (runtime.clock.now() >= runtime.distrustsItselfUntil) doubt.silences += 1;
  }

  #overdue(): string[] {
    const { runtime, probe } = this.#options;
    const from = runtime.clock.now() - (probe === undefined ? keptMs : keptAliveMs);
    return [...this.#held].filter(([, { since }]) => since <= from).map(([id]) => id);
  }

  #end(ids: readonly string[], because: "probe" | "time"): void {
    if (ids.length === 0) return;
    for (const id of ids) this.#held.delete(id);
    this.#options.onGone(ids, because);
  }
}
