import { type Runtime, TimerNode } from "@enmesh/core";

import type { LoopWatch } from "../agent/loop-watch.ts";
import type { Check } from "../model/check.ts";
import { BeatRecord } from "./beat-record.ts";
import { Domain, isTooMuch } from "./domain.ts";
import { freezeReason, heldOutput } from "./held-output.ts";
import { type PreservationRules, preservationRules } from "./rules.ts";

/** What preservation asks of whoever keeps the leases. */
interface LeaseKeeper {
  /** Shows a status and an output, as of now. False when there is no such check any more. */
  readonly show: (checkId: string, status: "passing" | "warning", output: string) => boolean;
  /** Expects a beat within a full TTL again. */
  readonly grant: (checkId: string) => void;
  /** Evicts after all. */
  readonly evict: (checkId: string) => void;
}

export interface PreservationOptions {
  readonly runtime: Runtime;
  readonly loopWatch: LoopWatch;
  readonly keeper: LeaseKeeper;
  readonly rules?: PreservationRules;
}

/** A domain whose evictions are withheld, and why. */
export interface FrozenDomain {
  readonly service: string;
  readonly zone: string;
  readonly reason: string;
  readonly held: number;
}

const lookMs = 1_000;

/**
 * Doubts silence that comes from many at once. One instance that stops beating is dead; a third of a service that stops
 * within one TTL is more likely cut off from us, and to drop it would make an outage of a broken cable. So its domain
 * (service and zone) is frozen: whoever is silent keeps the status it had, marked with the reason, until the beats return
 * or ten minutes are over. A beat costs one look into a map.
 */
export class Preservation extends TimerNode {
  readonly #options: PreservationOptions;
  readonly #rules: PreservationRules;
  readonly #records = new Map<string, BeatRecord>();
  readonly #domains = new Map<string, Domain>();
  /** The domains that are frozen, and those that have lost someone within one TTL. */
  readonly #watched = new Set<Domain>();
  #withheld = 0;

  constructor(options: PreservationOptions) {
    super();
    this.#options = options;
    this.#rules = options.rules ?? preservationRules;
  }

  /** Evictions that were withheld so far. */
  get withheld(): number {
    return this.#withheld;
  }

  /** Domains that are remembered: none that nobody is in. */
  get domains(): number {
    return this.#domains.size;
  }

  get frozen(): FrozenDomain[] {
    return [...this.#watched].flatMap(({ service, zone, freeze, records }) => {
      if (freeze === undefined) return [];
      const held = [...records].filter(({ isHeld }) => isHeld).length;
      return [{ service, zone, reason: freeze.reason, held }];
    });
  }

  /** A beat, or a word that is as good as one. Checks of the node itself belong to no service and are not counted. */
  beat({ id, ttlMs, serviceName }: Check, zone: string): void {
    if (serviceName === "") return;
    const now = this.#now();
    const record = this.#records.get(id);
    if (
      record !== undefined &&
      record.ttlMs === ttlMs &&
      record.domain.service === serviceName &&
      record.domain.zone === zone
    ) {
      record.beat(now);
      return;
    }
    this.forget(id);
    const domain = this.#domainOf(serviceName, zone);
    const fresh = new BeatRecord(id, domain, ttlMs, now);
    domain.fallen = domain.fallen.filter(({ record: { id: fallen } }) => fallen !== id);
    domain.records.add(fresh);
    this.#records.set(id, fresh);
  }

  /** Nothing is expected any more: whoever leaves by the door is not missing. */
  forget(id: string): void {
    const record = this.#records.get(id);
    if (record === undefined) return;
    this.#records.delete(id);
    record.domain.records.delete(record);
    this.#tidy(record.domain);
  }

  /** A lease has passed its time. True when it is withheld, and shown as that; false when it is to be evicted. */
  withholds({ id, status, output: published }: Check, lastOutput: string): boolean {
    const record = this.#records.get(id);
    if (record === undefined || record.isOnItsLastTerm || status === "critical") return this.#fall(record);
    const { domain } = record;
    const now = this.#now();
    if (domain.freeze === undefined) {
      const silence = domain.silence(now);
      if (!isTooMuch(silence, this.#rules)) {
        domain.fallen.push({ record, at: now, status, output: published });
        this.#watch(domain);
        return this.#fall(record);
      }
      this.#freeze(domain, freezeReason(domain.name, silence), now);
    }
    this.#hold(record, status, lastOutput);
    return true;
  }

  stop(): void {
    this.#options.runtime.timers.cancel(this);
  }

  /** Looks once a second whether a freeze may end, and forgets who fell long ago. */
  due(): void {
    const now = this.#now();
    for (const domain of this.#watched) {
      const silence = domain.silence(now);
      const { freeze } = domain;
      if (freeze !== undefined && now >= freeze.endsAt) this.#evictHeld(domain);
      else if (freeze !== undefined && now >= freeze.mayEndAt && !isTooMuch(silence, this.#rules))
        this.#grantHeld(domain);
      if (domain.freeze === undefined && domain.fallen.length === 0) this.#watched.delete(domain);
      this.#tidy(domain);
    }
    if (this.#watched.size > 0) this.#options.runtime.timers.schedule(this, lookMs);
  }

  #freeze(domain: Domain, reason: string, now: number): void {
    const ttls = [...domain.records].map(({ ttlMs }) => ttlMs);
    const longestTtlMs = ttls.reduce((longest, each) => Math.max(longest, each), 0);
    domain.freeze = { reason, since: now, endsAt: now + this.#rules.longestMs, mayEndAt: now + longestTtlMs };
    this.#watch(domain);
    this.#report("preservation.began", domain, reason);
    const { fallen } = domain;
    domain.fallen = [];
    // They fell by the same silence, only a moment earlier.
    for (const { record, status, output } of fallen) {
      if (this.#records.has(record.id) || !this.#hold(record, status, output)) continue;
      domain.records.add(record);
      this.#records.set(record.id, record);
    }
  }

  #hold(record: BeatRecord, status: "passing" | "warning", lastOutput: string): boolean {
    const { keeper, runtime } = this.#options;
    const { service, freeze } = record.domain;
    if (!keeper.show(record.id, status, heldOutput(freeze?.reason ?? "", lastOutput))) return false;
    record.isHeld = true;
    this.#withheld += 1;
    runtime.events.report({ type: "eviction.withheld", service, check: record.id });
    return true;
  }

  #evictHeld(domain: Domain): void {
    const minutes = this.#rules.longestMs / 60_000;
    this.#thaw(domain, `nothing has changed for ${minutes} minutes: the silence is believed`);
    for (const record of this.#held(domain)) {
      this.#fall(record);
      this.#options.keeper.evict(record.id);
    }
  }

  #grantHeld(domain: Domain): void {
    this.#thaw(domain, "the beats have returned; who is still silent has one more TTL");
    for (const record of this.#held(domain)) {
      record.isHeld = false;
      record.isOnItsLastTerm = true;
      this.#options.keeper.grant(record.id);
    }
  }

  #held({ records }: Domain): BeatRecord[] {
    return [...records].filter(({ isHeld }) => isHeld);
  }

  #thaw(domain: Domain, reason: string): void {
    domain.freeze = undefined;
    this.#report("preservation.ended", domain, reason);
  }

  #fall(record: BeatRecord | undefined): false {
    if (record !== undefined) this.forget(record.id);
    return false;
  }

  #watch(domain: Domain): void {
    if (this.#watched.size === 0) this.#options.runtime.timers.schedule(this, lookMs);
    this.#watched.add(domain);
  }

  #domainOf(service: string, zone: string): Domain {
    const key = JSON.stringify([service, zone]);
    let domain = this.#domains.get(key);
    if (domain === undefined) this.#domains.set(key, (domain = new Domain(service, zone)));
    return domain;
  }

  #tidy(domain: Domain): void {
    if (domain.isForgotten) this.#domains.delete(JSON.stringify([domain.service, domain.zone]));
  }

  #report(type: string, { service, zone }: Domain, reason: string): void {
    this.#options.runtime.events.report({ type, service, zone, reason });
  }

  /** Time in which our own loop ran. */
  #now(): number {
    const now = this.#options.runtime.clock.now();
    return now - this.#options.loopWatch.lostMs(now);
  }
}
