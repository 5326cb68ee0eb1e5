import type { BeatRecord } from "./beat-record.ts";
import type { PreservationRules } from "./rules.ts";

/** How much of a domain has gone silent. */
export interface Silence {
  readonly silent: number;
  readonly expected: number;
  /** Of the beats that are expected of them all, by each one's own rate. */
  readonly share: number;
}

/** A lease that was evicted, for as long as that may turn out to be part of something larger. */
export interface Fallen {
  readonly record: BeatRecord;
  readonly at: number;
  /** What it said before. */
  readonly status: "passing" | "warning";
  readonly output: string;
}

/** While a domain is frozen nobody in it is evicted. */
export interface Freeze {
  readonly reason: string;
  readonly since: number;
  readonly endsAt: number;
  /** Not before everybody had the time to fall silent, or to speak. */
  readonly mayEndAt: number;
}

/** What fails together: the instances of one service in one zone. */
export class Domain {
  readonly service: string;
  readonly zone: string;
  readonly records: Set<BeatRecord> = new Set();
  fallen: Fallen[] = [];
  freeze: Freeze | undefined;

  constructor(service: string, zone: string) {
    this.service = service;
    this.zone = zone;
  }

  get name(): string {
    return this.zone === "" ? this.service : `${this.service} in ${this.zone}`;
  }

  get isForgotten(): boolean {
    return this.records.size === 0 && this.fallen.length === 0 && this.freeze === undefined;
  }

  /** Who fell within one TTL still counts as expected, and as silent. */
  silence(now: number): Silence {
    this.fallen = this.fallen.filter(({ record, at }) => now - at <= record.ttlMs);
    let [silent, silentRate, rate] = [0, 0, 0];
    for (const record of this.records) {
      rate += record.rate;
      if (!record.isSilent(now)) continue;
      silent += 1;
      silentRate += record.rate;
    }
    for (const { record } of this.fallen) {
      rate += record.rate;
      silent += 1;
      silentRate += record.rate;
    }
    return { silent, expected: this.records.size + this.fallen.length, share: rate === 0 ? 0 : silentRate / rate };
  }
}

export function isTooMuch({ silent, share }: Silence, rules: PreservationRules): boolean {
  return silent >= rules.leastSilent && share > rules.share;
}
