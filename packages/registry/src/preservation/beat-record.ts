import type { Domain } from "./domain.ts";

/** A lease is silent once it has missed its own rhythm by half. */
const patience = 1.5;

/** How a lease has beaten so far. Times are of a loop that ran: what our own loop has lost does not count. */
export class BeatRecord {
  readonly id: string;
  readonly domain: Domain;
  readonly ttlMs: number;
  lastBeat: number;
  /** Its eviction is withheld. */
  isHeld = false;
  /** It was held, and others came back: if it stays silent now, it is dead. */
  isOnItsLastTerm = false;
  #intervalMs: number;
  #hasRhythm = false;

  constructor(id: string, domain: Domain, ttlMs: number, now: number) {
    this.id = id;
    this.domain = domain;
    this.ttlMs = ttlMs;
    this.lastBeat = now;
    // Until it has shown its own rhythm: nobody beats less often than that and lives.
    this.#intervalMs = ttlMs / 2;
  }

  /** Beats per millisecond that are expected of it. */
  get rate(): number {
    return 1 / this.#intervalMs;
  }

  beat(now: number): void {
    this.isHeld = false;
    this.isOnItsLastTerm = false;
    const gap = Math.min(Math.max(now - this.lastBeat, this.ttlMs / 100), this.ttlMs);
    this.#intervalMs = this.#hasRhythm ? 0.75 * this.#intervalMs + 0.25 * gap : gap;
    this.#hasRhythm = true;
    this.lastBeat = now;
  }

  isSilent(now: number): boolean {
    if (this.isOnItsLastTerm) return false;
    return this.isHeld || now - this.lastBeat > patience * this.#intervalMs;
  }
}
