import type { Runtime } from "@enmesh/core";

import type { Change } from "../model/change.ts";
import type { Check, CheckDefinition, CheckStatus } from "../model/check.ts";
import { describesSame, type ServiceDefinition } from "../model/service.ts";
import type { Preservation } from "../preservation/preservation.ts";
import type { Store } from "../state/store.ts";
import { checkChange } from "./check-change.ts";
import { CheckReports } from "./check-reports.ts";
import { Prober, type ProberOptions } from "../probe/prober.ts";
import { LoopWatch } from "./loop-watch.ts";
import { maintenanceId, maintenanceOf } from "./maintenance.ts";
import { cutOutput } from "./output.ts";
import { Reaper } from "./reaper.ts";

/** What came of a beat. */
export type BeatResult = "taken" | "unknown" | "no-ttl";

export interface AgentOptions extends Pick<ProberOptions, "run"> {
  /** Doubts silence that comes from many at once. @default true */
  readonly selfPreservation?: boolean;
}

/** What services ask of the agent they register with: to be listed, and to be believed as long as they beat. */
export class Agent {
  readonly #runtime: Runtime;
  readonly #store: Store;
  readonly #loopWatch: LoopWatch;
  readonly #reports: CheckReports;
  readonly #reaper: Reaper;
  readonly #prober: Prober;

  constructor(runtime: Runtime, store: Store, { selfPreservation = true, ...probing }: AgentOptions = {}) {
    this.#runtime = runtime;
    this.#store = store;
    this.#loopWatch = new LoopWatch(runtime);
    this.#reports = new CheckReports(
      runtime,
      store,
      this.#loopWatch,
      (check) => this.#reaper.look(check),
      (check) => this.#end(check),
      selfPreservation,
    );
    this.#reaper = new Reaper({ runtime, loopWatch: this.#loopWatch, passed: (id) => this.#reap(id) });
    this.#prober = new Prober({
      runtime,
      store,
      loopWatch: this.#loopWatch,
      report: (check, status, output) => this.#reports.found(check, status, cutOutput(output)),
      ...probing,
    });
    // After a restart nobody is to blame for the time that we were away: everybody gets a full term.
    for (const check of store.catalog.checks.values()) if (check.node === undefined) this.#attend(check);
  }

  /** Beats taken so far. */
  get beats(): number {
    return this.#reports.beats;
  }

  /** Leases that ran out so far. */
  get evictions(): number {
    return this.#reports.evictions;
  }

  /** Which evictions are withheld, and why. */
  get preservation(): Preservation {
    return this.#reports.preservation;
  }

  /** Knows how much time our own event loop has lost. */
  get loopWatch(): LoopWatch {
    return this.#loopWatch;
  }

  /** Beats expected of this many checks. */
  get leases(): number {
    return this.#reports.leases;
  }

  /** Lists a service with its checks. Checks that exist keep their status; beats are expected from now on. */
  registerService(definition: ServiceDefinition, checks: readonly CheckDefinition[], replacesChecks = false): void {
    const { catalog } = this.#store;
    const before = catalog.services.get(definition.id);
    const kept = new Set(checks.map(({ id }) => id));
    const others = [...catalog.checksOf(definition.id).values()].filter(({ id }) => !kept.has(id));

    this.#store.commit((index) => {
      const changes: Change[] = [];
      if (before === undefined || !describesSame(before, definition)) {
        changes.push({
          op: "service",
          service: { ...definition, createIndex: before?.createIndex ?? index, modifyIndex: index },
        });
      }
      for (const check of checks) changes.push(...checkChange(catalog, check, definition, index));
      for (const check of others) {
        if (replacesChecks && check.id !== maintenanceId(definition.id))
          changes.push({ op: "check-gone", id: check.id });
        else changes.push(...checkChange(catalog, check, definition, index));
      }
      return changes;
    });

    for (const { id } of others) if (!catalog.checks.has(id)) this.#neglect(id);
    for (const { id } of checks) this.#attend(catalog.checks.get(id) as Check);
    if (before === undefined) this.#report("service.registered", definition);
  }

  /** False when there is no such service. */
  deregisterService(id: string): boolean {
    const service = this.#store.catalog.ownService(id);
    if (service === undefined) return false;
    for (const checkId of this.#store.catalog.checksOf(id).keys()) this.#neglect(checkId);
    this.#store.commit(() => [{ op: "service-gone", id }]);
    this.#report("service.deregistered", service);
    return true;
  }

  /** Lists a check of a service, or of the node when `serviceId` is empty. False when there is no such service. */
  registerCheck(definition: CheckDefinition, serviceId: string): boolean {
    const { catalog } = this.#store;
    const service = catalog.ownService(serviceId);
    if (service === undefined && serviceId !== "") return false;
    this.#store.commit((index) => checkChange(catalog, definition, service, index));
    this.#attend(catalog.checks.get(definition.id) as Check);
    return true;
  }

  deregisterCheck(id: string): boolean {
    const check = this.#store.catalog.checks.get(id);
    if (check === undefined || check.node !== undefined) return false;
    this.#neglect(id);
    this.#store.commit(() => [{ op: "check-gone", id }]);
    return true;
  }

  /** A beat of a TTL check. */
  beat(checkId: string, status: CheckStatus, output: string): BeatResult {
    const check = this.#store.catalog.checks.get(checkId);
    if (check === undefined) return "unknown";
    if (check.ttlMs === 0) return "no-ttl";
    this.#reports.report(check, status, cutOutput(output));
    return "taken";
  }

  /** A beat whose output is as important as its status: both are published at once. */
  report(checkId: string, status: CheckStatus, output: string): BeatResult {
    const check = this.#store.catalog.checks.get(checkId);
    if (check === undefined) return "unknown";
    this.#reports.reportAtOnce(check, status, cutOutput(output));
    return "taken";
  }

  /** Milliseconds since the last beat of a check. */
  silentMs(check: Check): number {
    return this.#reports.silentMs(check);
  }

  /** What a check last said; its catalog entry may learn it minutes later. */
  outputOf(check: Check): string {
    return this.#reports.outputOf(check);
  }

  /** Takes a service (or the node, for "") out of service, or back in. False when there is no such service. */
  setMaintenance(serviceId: string, isOn: boolean, reason: string): boolean {
    const id = maintenanceId(serviceId);
    if (serviceId !== "" && this.#store.catalog.ownService(serviceId) === undefined) return false;
    if (!isOn) this.deregisterCheck(id);
    else if (!this.#store.catalog.checks.has(id)) this.registerCheck(maintenanceOf(serviceId, reason), serviceId);
    return true;
  }

  stop(): void {
    this.#loopWatch.stop();
    this.#reports.stop();
    this.#reaper.stop();
    this.#prober.stop();
  }

  #attend(check: Check): void {
    this.#reports.expect(check);
    this.#reaper.look(check);
    this.#prober.attend(check);
  }

  #neglect(checkId: string): void {
    this.#reports.forget(checkId);
    this.#reaper.forget(checkId);
    this.#prober.neglect(checkId);
  }

  #reap(checkId: string): void {
    const check = this.#store.catalog.checks.get(checkId);
    if (check?.status === "critical") this.#end(check);
  }

  #end({ serviceId, serviceName }: Check): void {
    if (this.deregisterService(serviceId)) this.#report("service.reaped", { name: serviceName, id: serviceId });
  }

  #report(type: string, { name, id }: { readonly name: string; readonly id: string }): void {
    this.#runtime.events.report({ type, service: name, id });
  }
}
