import type { Runtime } from "@enmesh/core";

import type { Change } from "../model/change.ts";
import type { Check, CheckDefinition, CheckStatus } from "../model/check.ts";
import { describesSame, type ServiceDefinition } from "../model/service.ts";
import type { Store } from "../state/store.ts";
import { checkChange } from "./check-change.ts";
import { CheckReports } from "./check-reports.ts";
import { LoopWatch } from "./loop-watch.ts";
import { maintenanceId, maintenanceOf } from "./maintenance.ts";
import { cutOutput } from "./output.ts";
import { Reaper } from "./reaper.ts";

/** What came of a beat. */
export type BeatResult = "taken" | "unknown" | "no-ttl";

/** What services ask of the agent they register with: to be listed, and to be believed as long as they beat. */
export class Agent {
  readonly #runtime: Runtime;
  readonly #store: Store;
  readonly #loopWatch: LoopWatch;
  readonly #reports: CheckReports;
  readonly #reaper: Reaper;

  constructor(runtime: Runtime, store: Store) {
    this.#runtime = runtime;
    this.#store = store;
    this.#loopWatch = new LoopWatch(runtime);
    this.#reports = new CheckReports(runtime, store, this.#loopWatch, (check) => this.#reaper.look(check));
    this.#reaper = new Reaper({ runtime, loopWatch: this.#loopWatch, passed: (id) => this.#reap(id) });
    // After a restart nobody is to blame for the time that we were away: everybody gets a full term.
    for (const check of store.catalog.checks.values()) this.#attend(check);
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
    const service = this.#store.catalog.services.get(id);
    if (service === undefined) return false;
    for (const checkId of this.#store.catalog.checksOf(id).keys()) this.#neglect(checkId);
    this.#store.commit(() => [{ op: "service-gone", id }]);
    this.#report("service.deregistered", service);
    return true;
  }

  /** Lists a check of a service, or of the node when `serviceId` is empty. False when there is no such service. */
  registerCheck(definition: CheckDefinition, serviceId: string): boolean {
    const { catalog } = this.#store;
    const service = catalog.services.get(serviceId);
    if (service === undefined && serviceId !== "") return false;
    this.#store.commit((index) => checkChange(catalog, definition, service, index));
    this.#attend(catalog.checks.get(definition.id) as Check);
    return true;
  }

  deregisterCheck(id: string): boolean {
    if (!this.#store.catalog.checks.has(id)) return false;
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

  /** What a check last said; its catalog entry may learn it minutes later. */
  outputOf(check: Check): string {
    return this.#reports.outputOf(check);
  }

  /** Takes a service (or the node, for "") out of service, or back in. False when there is no such service. */
  setMaintenance(serviceId: string, isOn: boolean, reason: string): boolean {
    const id = maintenanceId(serviceId);
    if (serviceId !== "" && !this.#store.catalog.services.has(serviceId)) return false;
    if (!isOn) this.deregisterCheck(id);
    else if (!this.#store.catalog.checks.has(id)) this.registerCheck(maintenanceOf(serviceId, reason), serviceId);
    return true;
  }

  stop(): void {
    this.#loopWatch.stop();
    this.#reports.stop();
    this.#reaper.stop();
  }

  #attend(check: Check): void {
    this.#reports.expect(check);
    this.#reaper.look(check);
  }

  #neglect(checkId: string): void {
    this.#reports.forget(checkId);
    this.#reaper.forget(checkId);
  }

  #reap(checkId: string): void {
    const check = this.#store.catalog.checks.get(checkId);
    if (check === undefined || check.status !== "critical") return;
    const { serviceId, serviceName } = check;
    if (this.deregisterService(serviceId)) this.#report("service.reaped", { name: serviceName, id: serviceId });
  }

  #report(type: string, { name, id }: { readonly name: string; readonly id: string }): void {
    this.#runtime.events.report({ type, service: name, id });
  }
}
