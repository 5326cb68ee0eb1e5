import type { Runtime } from "@enmesh/core";

import type { Check, CheckStatus } from "../model/check.ts";
import { isHeldOutput, ownOutput } from "../preservation/held-output.ts";
import { Preservation } from "../preservation/preservation.ts";
import type { Store } from "../state/store.ts";
import { Deadlines } from "./deadlines.ts";
import type { LoopWatch } from "./loop-watch.ts";
import { expiredOutput, isExpiredOutput } from "./output.ts";

const outputDelayMs = 300_000;

/**
 * What checks report: beats, and the silence after the last one. A beat that only says "still so" moves a deadline and
 * nothing else: no index, no log, no watcher. A new status is a commit. A new output with the old status is published
 * minutes later, as Consul does: it must move the index, and a chatty check must not wake all its watchers.
 */
export class CheckReports {
  readonly #runtime: Runtime;
  readonly #store: Store;
  readonly #leases: Deadlines;
  readonly #publications: Deadlines;
  /** The output that was last reported, where it is not the published one. */
  readonly #unpublished = new Map<string, string>();

  readonly #preservation: Preservation;
  #beats = 0;
  #evictions = 0;
  /** False: every silence is believed at once, as Consul does. */
  readonly #isPreserving: boolean;

  readonly #onStatus: (check: Check) => void;
  readonly #onEnd: (check: Check) => void;

  constructor(
    runtime: Runtime,
    store: Store,
    loopWatch: LoopWatch,
    onStatus: (check: Check) => void,
    onEnd: (check: Check) => void,
    isPreserving = true,
  ) {
    this.#runtime = runtime;
    this.#store = store;
    this.#onStatus = onStatus;
    this.#onEnd = onEnd;
    this.#isPreserving = isPreserving;
    this.#preservation = new Preservation({
      runtime,
      loopWatch,
      keeper: {
        show: (id, status, output) => this.#show(id, status, output),
        grant: (id) => this.#grant(id),
        evict: (id) => this.#evict(id),
      },
    });
    this.#leases = new Deadlines({ runtime, loopWatch, passed: (id) => this.#expire(id) });
    this.#publications = new Deadlines({ runtime, loopWatch, passed: (id) => this.#publish(id) });
  }

  /** Beats expected of this many checks. */
  get leases(): number {
    return this.#leases.size;
  }

  /** Starts to expect beats; or starts anew, with a full TTL. */
  expect(check: Check): void {
    if (check.ttlMs <= 0) return this.#leases.clear(check.id);
    this.#leases.set(check.id, check.ttlMs);
    if (check.status !== "critical") this.#tellPreservation(check);
  }

  /** Beats taken so far. */
  get beats(): number {
    return this.#beats;
  }

  /** Leases that passed their time so far and were not withheld. */
  get evictions(): number {
    return this.#evictions;
  }

  get preservation(): Preservation {
    return this.#preservation;
  }

  forget(checkId: string): void {
    this.#leases.clear(checkId);
    this.#publications.clear(checkId);
    this.#unpublished.delete(checkId);
    this.#preservation.forget(checkId);
  }

  stop(): void {
    this.#preservation.stop();
    this.#leases.clearAll();
    this.#publications.clearAll();
  }

  /** A beat. */
  report(check: Check, status: CheckStatus, output: string): void {
    this.#beats += 1;
    this.#leases.set(check.id, check.ttlMs);
    this.#tellPreservation(check);
    if (check.status !== status || isHeldOutput(check.output)) this.#change(check, status, output);
    else if (this.outputOf(check) !== output) this.#publishLater(check.id, output);
  }

  /** A beat whose every word counts at once. */
  reportAtOnce(check: Check, status: CheckStatus, output: string): void {
    this.#beats += 1;
    if (check.ttlMs > 0) {
      this.#leases.set(check.id, check.ttlMs);
      this.#tellPreservation(check);
    }
    if (check.status !== status || this.outputOf(check) !== output) this.#change(check, status, output);
  }

  /** What we found out ourselves, without a beat. */
  found(check: Check, status: CheckStatus, output: string): void {
    if (check.status !== status) this.#change(check, status, output);
    else if (this.outputOf(check) !== output) this.#publishLater(check.id, output);
  }

  /** Milliseconds since the last beat, or since a beat was first expected; 0 where none is. */
  silentMs(check: Check): number {
    return Math.max(0, check.ttlMs - (this.#leases.leftMs(check.id) ?? check.ttlMs));
  }

  /** What the check last said, published or not. */
  outputOf(check: Check): string {
    return this.#unpublished.get(check.id) ?? check.output;
  }

  #publishLater(id: string, output: string): void {
    this.#unpublished.set(id, output);
    if (!this.#publications.has(id)) this.#publications.set(id, outputDelayMs * (0.5 + this.#runtime.random()));
  }

  #change(check: Check, status: CheckStatus, output: string): void {
    this.#publications.clear(check.id);
    this.#unpublished.delete(check.id);
    this.#store.commit(() => [{ op: "status", id: check.id, status, output }]);
    this.#onStatus(this.#store.catalog.checks.get(check.id) as Check);
    const { id, serviceId, serviceName } = check;
    const from = check.status;
    if (from === status) return;
    this.#runtime.events.report({
      type: "check.changed",
      service: serviceName,
      id: serviceId,
      check: id,
      from,
      to: status,
      output,
    });
  }

  #expire(id: string): void {
    const check = this.#store.catalog.checks.get(id);
    if (check !== undefined && !this.#preservation.withholds(check, ownOutput(this.outputOf(check)))) this.#evict(id);
  }

  #evict(id: string): void {
    const check = this.#store.catalog.checks.get(id);
    if (check === undefined) return;
    if (check.endsService === true && isExpiredOutput(check.output)) return this.#onEnd(check);
    this.#evictions += 1;
    this.#change(check, "critical", expiredOutput(ownOutput(this.outputOf(check))));
    // For one more term it may turn out to be part of something larger, and is given back.
    if (check.endsService === true) this.#leases.set(id, check.ttlMs);
  }

  #tellPreservation(check: Check): void {
    if (!this.#isPreserving) return;
    const zone = this.#store.catalog.services.get(check.serviceId)?.meta?.["zone"] ?? "";
    this.#preservation.beat(check, zone);
  }

  #show(id: string, status: CheckStatus, output: string): boolean {
    const check = this.#store.catalog.checks.get(id);
    if (check === undefined) return false;
    this.#change(check, status, output);
    return true;
  }

  #grant(id: string): void {
    const check = this.#store.catalog.checks.get(id);
    if (check !== undefined) this.#leases.set(id, check.ttlMs);
  }

  #publish(id: string): void {
    const check = this.#store.catalog.checks.get(id);
    const output = this.#unpublished.get(id);
    this.#unpublished.delete(id);
    if (check === undefined || output === undefined || output === check.output) return;
    this.#store.commit(() => [{ op: "status", id, status: check.status, output }]);
  }
}
