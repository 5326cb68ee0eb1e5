import type { Clock } from "@enmesh/core";

import type { Listed } from "./listed.ts";

/** How long a change is told of: clients that ask more seldom take the whole list. */
const keptMs = 180_000;
/** Beyond so many, the oldest are forgotten: whoever misses them notices by the hash, and takes the whole list. */
const most = 20_000;

/** What has become of instances of late: of each, the last that was seen. */
export class RecentChanges {
  readonly #clock: Clock;
  readonly #changes = new Map<string, { readonly at: number; readonly change: Listed }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(change: Listed): void {
    const key = JSON.stringify([change.record.app, change.record.instanceId]);
    // Anew, so that the oldest stay in front.
    this.#changes.delete(key);
    this.#changes.set(key, { at: this.#clock.now(), change });
    if (this.#changes.size > most) this.#forgetOldest();
    this.#forgetOld();
  }

  list(): Listed[] {
    this.#forgetOld();
    return [...this.#changes.values()].map(({ change }) => change);
  }

  #forgetOld(): void {
    const limit = this.#clock.now() - keptMs;
    for (const [key, { at }] of this.#changes) {
      if (at > limit) return;
      this.#changes.delete(key);
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#changes.keys();
    if (oldest !== undefined) this.#changes.delete(oldest);
  }
}
