import type { Change } from "../model/change.ts";
import type { Check } from "../model/check.ts";
import { catalogKey, type CatalogNode } from "../model/node.ts";
import type { Service } from "../model/service.ts";
import { ServiceGroup } from "./service-group.ts";
import { topics } from "./topics.ts";

/** Told which topics a change touched. */
export type Touch = (topic: string) => void;

const none: ReadonlyMap<string, Check> = new Map();

/**
 * The nodes, services and checks, and how far each view of them has moved. It changes only by `apply`. Services and checks
 * of our own node go by their ids, those of other nodes by `catalogKey`.
 */
export class Catalog {
  readonly #nodes = new Map<string, CatalogNode>();
  /** The services of each other node, by its name. */
  readonly #servicesOn = new Map<string, Map<string, Service>>();
  readonly #services = new Map<string, Service>();
  readonly #checks = new Map<string, Check>();
  readonly #checksOf = new Map<string, Map<string, Check>>();
  readonly #groups = new Map<string, ServiceGroup>();
  #base = 1;
  #servicesIndex = 1;
  #checksIndex = 1;
  #nodeIndex = 1;
  #nodesIndex = 1;
  #extinctIndex = 1;

  /** The nodes besides our own. */
  get nodes(): ReadonlyMap<string, CatalogNode> {
    return this.#nodes;
  }
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
  /** Moves with the list of nodes. */
  get nodesIndex(): number {
    return this.#nodesIndex;
  }

  /** The checks of one service, or of the node itself for "". Of another node's, give its key. */
  checksOf(serviceKey: string): ReadonlyMap<string, Check> {
    return this.#checksOf.get(serviceKey) ?? none;
  }

  /** A service of our own node. */
  ownService(id: string): Service | undefined {
    const service = this.#services.get(id);
    return service?.node === undefined ? service : undefined;
  }

  /** The services of another node, by id. */
  servicesOn(node: string): ReadonlyMap<string, Service> {
    return this.#servicesOn.get(node) ?? new Map<string, Service>();
  }

  /** Moves when the service's instances or checks change, or the node's own checks. A name without instances has the index of the last extinction. */
  indexOf(serviceName: string): number {
    return Math.max(this.#groups.get(serviceName)?.index ?? this.#extinctIndex, this.#nodeIndex);
  }

  /** Lifts every index to `index`: after a restart no view may claim to be unchanged. */
  rebase(index: number): void {
    this.#base = this.#servicesIndex = this.#checksIndex = index;
    this.#nodeIndex = this.#nodesIndex = this.#extinctIndex = index;
    for (const group of this.#groups.values()) group.touch(index);
  }

  apply(change: Change, index: number, touch: Touch): void {
    if (change.op === "service") this.#putService(change.service, index, touch);
    else if (change.op === "service-gone") this.#removeService(change.id, index, touch);
    else if (change.op === "check") this.#putCheck(change.check, index, touch);
    else if (change.op === "check-gone") this.#removeCheck(change.id, index, touch);
    else if (change.op === "node") this.#putNode(change.node, index, touch);
    else if (change.op === "node-gone") this.#removeNode(change.name, index, touch);
    else if (change.op === "status") {
      const check = this.#checks.get(change.id);
      if (check === undefined) return;
      this.#putCheck({ ...check, status: change.status, output: change.output, modifyIndex: index }, index, touch);
    }
  }

  #putNode(node: CatalogNode, index: number, touch: Touch): void {
    this.#nodes.set(node.name, node);
    this.#nodesIndex = index;
    touch(topics.nodes);
    this.#touchServicesOn(node.name, index, touch);
  }

  #removeNode(name: string, index: number, touch: Touch): void {
    if (!this.#nodes.has(name)) return;
    for (const id of Array.from(this.servicesOn(name).keys())) this.#removeService(catalogKey(name, id), index, touch);
    for (const { id } of Array.from(this.checksOf(catalogKey(name, "")).values())) {
      this.#removeCheck(catalogKey(name, id), index, touch);
    }
    this.#nodes.delete(name);
    this.#nodesIndex = index;
    touch(topics.nodes);
  }

  #putService(service: Service, index: number, touch: Touch): void {
    const key = catalogKey(service.node, service.id);
    const before = this.#services.get(key);
    if (before !== undefined && before.name !== service.name) this.#leaveGroup(before, index, touch);
    this.#services.set(key, service);
    if (service.node !== undefined) {
      let neighbours = this.#servicesOn.get(service.node);
      if (neighbours === undefined) this.#servicesOn.set(service.node, (neighbours = new Map()));
      neighbours.set(service.id, service);
    }
    let group = this.#groups.get(service.name);
    if (group === undefined) this.#groups.set(service.name, (group = new ServiceGroup(service.name)));
    group.instances.set(key, service);
    this.#servicesIndex = index;
    touch(topics.services);
    this.#touchGroup(service.name, index, touch);
  }

  #removeService(key: string, index: number, touch: Touch): void {
    const service = this.#services.get(key);
    if (service === undefined) return;
    for (const { id } of Array.from(this.checksOf(key).values()))
      this.#removeCheck(catalogKey(service.node, id), index, touch);
    this.#services.delete(key);
    if (service.node !== undefined) {
      const neighbours = this.#servicesOn.get(service.node);
      neighbours?.delete(service.id);
      if (neighbours?.size === 0) this.#servicesOn.delete(service.node);
    }
    this.#servicesIndex = index;
    touch(topics.services);
    this.#leaveGroup(service, index, touch);
  }

  #leaveGroup(service: Service, index: number, touch: Touch): void {
    const group = this.#groups.get(service.name);
    group?.instances.delete(catalogKey(service.node, service.id));
    this.#touchGroup(service.name, index, touch);
    if (group?.instances.size !== 0) return;
    this.#groups.delete(service.name);
    this.#extinctIndex = index;
  }

  #putCheck(check: Check, index: number, touch: Touch): void {
    const key = catalogKey(check.node, check.id);
    const before = this.#checks.get(key);
    if (before !== undefined && before.serviceId !== check.serviceId) this.#removeCheck(key, index, touch);
    this.#checks.set(key, check);
    const owner = catalogKey(check.node, check.serviceId);
    let siblings = this.#checksOf.get(owner);
    if (siblings === undefined) this.#checksOf.set(owner, (siblings = new Map()));
    siblings.set(check.id, check);
    this.#touchChecks(check, index, touch);
  }

  #removeCheck(key: string, index: number, touch: Touch): void {
    const check = this.#checks.get(key);
    if (check === undefined) return;
    this.#checks.delete(key);
    const owner = catalogKey(check.node, check.serviceId);
    const siblings = this.#checksOf.get(owner);
    siblings?.delete(check.id);
    if (siblings?.size === 0) this.#checksOf.delete(owner);
    this.#touchChecks(check, index, touch);
  }

  #touchChecks(check: Check, index: number, touch: Touch): void {
    this.#checksIndex = index;
    touch(topics.checks);
    if (check.serviceId !== "") return this.#touchGroup(check.serviceName, index, touch);
    if (check.node !== undefined) return this.#touchServicesOn(check.node, index, touch);
    this.#nodeIndex = index;
    touch(topics.node);
  }

  #touchServicesOn(node: string, index: number, touch: Touch): void {
    const names = new Set([...this.servicesOn(node).values()].map(({ name }) => name));
    for (const name of names) this.#touchGroup(name, index, touch);
  }

  #touchGroup(name: string, index: number, touch: Touch): void {
    this.#groups.get(name)?.touch(index);
    touch(topics.service(name));
  }
}
