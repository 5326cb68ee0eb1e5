import type { Change } from "../model/change.ts";
import type { Check } from "../model/check.ts";
import type { Service } from "../model/service.ts";
import { ServiceGroup } from "./service-group.ts";
import { topics } from "./topics.ts";

/** Told which topics a change touched. */
export type Touch = (topic: string) => void;

const none: ReadonlyMap<string, Check> = new Map();

/** The services and checks, and how far each view of them has moved. It changes only by `apply`. */
export class Catalog {
  readonly #services = new Map<string, Service>();
  readonly #checks = new Map<string, Check>();
  readonly #checksOf = new Map<string, Map<string, Check>>();
  readonly #groups = new Map<string, ServiceGroup>();
  #base = 1;
  #servicesIndex = 1;
  #checksIndex = 1;
  #nodeIndex = 1;
  #extinctIndex = 1;

  get services(): ReadonlyMap<string, Service> {
    return this.#services;
  }
  get checks(): ReadonlyMap<string, Check> {
    return this.#checks;
  }
  get groups(): ReadonlyMap<string, ServiceGroup> {
    return this.#groups;
  }
  /** Moves with every registration and deregistration. */
  get servicesIndex(): number {
    return this.#servicesIndex;
  }
  /** Moves with every change of any check. */
  get checksIndex(): number {
    return this.#checksIndex;
  }
  /** Moves with the node itself. */
  get nodeIndex(): number {
    return this.#base;
  }

  /** The checks of one service, or of the node itself for "". */
  checksOf(serviceId: string): ReadonlyMap<string, Check> {
    return this.#checksOf.get(serviceId) ?? none;
  }

  /** Moves when the service's instances or checks change, or the node's own checks. A name without instances has the index of the last extinction. */
  indexOf(serviceName: string): number {
    return Math.max(this.#groups.get(serviceName)?.index ?? this.#extinctIndex, this.#nodeIndex);
  }

  /** Lifts every index to `index`: after a restart no view may claim to be unchanged. */
  rebase(index: number): void {
    this.#base = this.#servicesIndex = this.#checksIndex = this.#nodeIndex = this.#extinctIndex = index;
    for (const group of this.#groups.values()) group.touch(index);
  }

  apply(change: Change, index: number, touch: Touch): void {
    if (change.op === "service") this.#putService(change.service, index, touch);
    else if (change.op === "service-gone") this.#removeService(change.id, index, touch);
    else if (change.op === "check") this.#putCheck(change.check, index, touch);
    else if (change.op === "check-gone") this.#removeCheck(change.id, index, touch);
    else if (change.op === "status") {
      const check = this.#checks.get(change.id);
      if (check === undefined) return;
      this.#putCheck({ ...check, status: change.status, output: change.output, modifyIndex: index }, index, touch);
    }
  }

  #putService(service: Service, index: number, touch: Touch): void {
    const before = this.#services.get(service.id);
    if (before !== undefined && before.name !== service.name) this.#leaveGroup(before, index, touch);
    this.#services.set(service.id, service);
    let group = this.#groups.get(service.name);
    if (group === undefined) this.#groups.set(service.name, (group = new ServiceGroup(service.name)));
    group.instances.set(service.id, service);
    this.#servicesIndex = index;
    touch(topics.services);
    this.#touchGroup(service.name, index, touch);
  }

  #removeService(id: string, index: number, touch: Touch): void {
    const service = this.#services.get(id);
    if (service === undefined) return;
    for (const checkId of this.checksOf(id).keys()) this.#removeCheck(checkId, index, touch);
    this.#services.delete(id);
    this.#servicesIndex = index;
    touch(topics.services);
    this.#leaveGroup(service, index, touch);
  }

  #leaveGroup(service: Service, index: number, touch: Touch): void {
    const group = this.#groups.get(service.name);
    group?.instances.delete(service.id);
    this.#touchGroup(service.name, index, touch);
    if (group?.instances.size !== 0) return;
    this.#groups.delete(service.name);
    this.#extinctIndex = index;
  }

  #putCheck(check: Check, index: number, touch: Touch): void {
    const before = this.#checks.get(check.id);
    if (before !== undefined && before.serviceId !== check.serviceId) this.#removeCheck(check.id, index, touch);
    this.#checks.set(check.id, check);
    let siblings = this.#checksOf.get(check.serviceId);
    if (siblings === undefined) this.#checksOf.set(check.serviceId, (siblings = new Map()));
    siblings.set(check.id, check);
    this.#touchChecks(check, index, touch);
  }

  #removeCheck(id: string, index: number, touch: Touch): void {
    const check = this.#checks.get(id);
    if (check === undefined) return;
    this.#checks.delete(id);
    const siblings = this.#checksOf.get(check.serviceId);
    siblings?.delete(id);
    if (siblings?.size === 0) this.#checksOf.delete(check.serviceId);
    this.#touchChecks(check, index, touch);
  }

  #touchChecks(check: Check, index: number, touch: Touch): void {
    this.#checksIndex = index;
    touch(topics.checks);
    if (check.serviceId !== "") return this.#touchGroup(check.serviceName, index, touch);
    this.#nodeIndex = index;
    touch(topics.node);
  }

  #touchGroup(name: string, index: number, touch: Touch): void {
    this.#groups.get(name)?.touch(index);
    touch(topics.service(name));
  }
}
