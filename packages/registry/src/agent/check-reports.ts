import type { Runtime } from "@enmesh/core";

import type { Check, CheckStatus } from "../model/check.ts";
import type { Store } from "../state/store.ts";
import { Deadlines } from "./deadlines.ts";
import type { LoopWatch } from "./loop-watch.ts";
import { expiredOutput } from "./output.ts";

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

  readonly #onStatus: (check: Check) => void;

  constructor(runtime: Runtime, store: Store, loopWatch: LoopWatch, onStatus: (check: Check) => void) {
    this.#runtime = runtime;
    this.#store = store;
    this.#onStatus = onStatus;
    this.#leases = new Deadlines({ runtime, loopWatch, passed: (id) => this.#expire(id) });
    this.#publications = new Deadlines({ runtime, loopWatch, passed: (id) => this.#publish(id) });
  }

  /** Beats expected of this many checks. */
  get leases(): number {
    return this.#leases.size;
  }

  /** Starts to expect beats; or starts anew, with a full TTL. */
  expect(check: Check): void {
    if (check.ttlMs > 0) this.#leases.set(check.id, check.ttlMs);
    else this.#leases.clear(check.id);
  }

  forget(checkId: string): void {
    this.#leases.clear(checkId);
    this.#publications.clear(checkId);
    this.#unpublished.delete(checkId);
  }

  stop(): void {
    this.#leases.clearAll();
    this.#publications.clearAll();
  }

  /** A beat. */
  report(check: Check, status: CheckStatus, output: string): void {
    this.#leases.set(check.id, check.ttlMs);
    if (check.status !== status) this.#change(check, status, output);
    else if (this.outputOf(check) !== output) this.#publishLater(check.id, output);
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
    if (check !== undefined) this.#change(check, "critical", expiredOutput(this.outputOf(check)));
  }

  #publish(id: string): void {
    const check = this.#store.catalog.checks.get(id);
    const output = this.#unpublished.get(id);
    this.#unpublished.delete(id);
    if (check === undefined || output === undefined || output === check.output) return;
    this.#store.commit(() => [{ op: "status", id, status: check.status, output }]);
  }
}
