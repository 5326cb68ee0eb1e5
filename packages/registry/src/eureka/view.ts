import { isDeepStrictEqual } from "node:util";

import type { Runtime } from "@enmesh/core";

import type { Agent } from "../agent/agent.ts";
import type { EurekaRecord } from "../model/eureka.ts";
import { catalogKey } from "../model/node.ts";
import type { Service } from "../model/service.ts";
import { nodeFacts, type NodeFacts } from "../render/node.ts";
import type { Store } from "../state/store.ts";
import { hasEnded, leaseIdOf } from "./catalog-service.ts";
import { toRecord } from "./from-catalog.ts";
import { hashOf, type Application, type Applications, type Listed } from "./listed.ts";
import { RecentChanges } from "./recent-changes.ts";

export interface ViewOptions {
  readonly runtime: Runtime;
  readonly store: Store;
  readonly agent: Agent;
  readonly node: NodeFacts;
}

interface Seen {
  readonly record: EurekaRecord;
  readonly service: Service;
  readonly action: "ADDED" | "MODIFIED";
}

/**
 * The catalog as Eureka's clients see it: applications by name in upper case. It follows the catalog when it is asked, by
 * comparing what has moved since; so every reader sees the changes of one instant, and the hash of that same instant.
 */
export class EurekaView {
  readonly #options: ViewOptions;
  readonly #recent: RecentChanges;
  readonly #apps = new Map<string, Map<string, Seen>>();
  /** How far each service name had moved when it was last looked at. */
  readonly #indexes = new Map<string, number>();
  #index = 0;
  #version = 0;
  #hash = "";

  constructor(options: ViewOptions) {
    this.#options = options;
    this.#recent = new RecentChanges(options.runtime.clock);
  }

  /** Moves with every change that a client can see. */
  get version(): number {
    this.#follow();
    return this.#version;
  }

  all(): Applications {
    this.#follow();
    return {
      version: "1",
      hash: this.#hash,
      applications: [...this.#apps.keys()].map((name) => this.#application(name)),
    };
  }

  /** What has changed in the last minutes, and the hash of the whole. */
  delta(): Applications {
    this.#follow();
    const byName = Map.groupBy(this.#recent.list(), ({ record }) => record.app);
    return {
      version: "1",
      hash: this.#hash,
      applications: [...byName].map(([name, instances]) => ({ name, instances })),
    };
  }

  app(name: string): Application | undefined {
    this.#follow();
    return this.#apps.has(name) ? this.#application(name) : undefined;
  }

  instance(app: string, instanceId: string): Listed | undefined {
    const seen = this.#seen(app, instanceId);
    return seen === undefined ? undefined : this.#listed(seen);
  }

  /** An instance of whatever application. */
  instanceOf(instanceId: string): Listed | undefined {
    this.#follow();
    for (const instances of this.#apps.values()) {
      const seen = instances.get(instanceId);
      if (seen !== undefined) return this.#listed(seen);
    }
    return undefined;
  }

  /** The service in the catalog that stands behind an instance. */
  service(app: string, instanceId: string): Service | undefined {
    return this.#seen(app, instanceId)?.service;
  }

  /** The instances that list `address` among their VIP addresses. */
  at(kind: "vipAddress" | "secureVipAddress", address: string): Applications {
    const applications = this.all().applications.flatMap(({ name, instances }) => {
      const found = instances.filter(({ record }) => isAmong(address, record.links[kind]));
      return found.length === 0 ? [] : [{ name, instances: found }];
    });
    const records = applications.flatMap(({ instances }) => instances.map(({ record }) => record));
    return { version: "-1", hash: hashOf(records), applications };
  }

  #seen(app: string, instanceId: string): Seen | undefined {
    this.#follow();
    return this.#apps.get(app)?.get(instanceId);
  }

  #follow(): void {
    const { store } = this.#options;
    if (store.index === this.#index) return;
    this.#index = store.index;
    const names = Map.groupBy(store.catalog.groups.keys(), (name) => name.toUpperCase());
    const before = this.#version;
    for (const app of this.#moved()) this.#update(app, names.get(app) ?? []);
    if (this.#version !== before) this.#hash = hashOf(this.#records());
  }

  /** The applications that may look different now. */
  #moved(): Set<string> {
    const { catalog } = this.#options.store;
    const moved = new Set<string>();
    for (const name of catalog.groups.keys()) {
      const index = catalog.indexOf(name);
      if (this.#indexes.get(name) === index) continue;
      this.#indexes.set(name, index);
      moved.add(name.toUpperCase());
    }
    for (const name of this.#indexes.keys()) {
      if (catalog.groups.has(name)) continue;
      this.#indexes.delete(name);
      moved.add(name.toUpperCase());
    }
    return moved;
  }

  #update(app: string, names: readonly string[]): void {
    const before = this.#apps.get(app) ?? new Map<string, Seen>();
    const after = new Map<string, Seen>();
    for (const service of this.#servicesOf(names)) {
      const record = this.#record(service);
      const known = before.get(record.instanceId);
      // Two registrations under one id are one instance: what a Eureka client said comes first.
      if (after.has(record.instanceId)) continue;
      after.set(record.instanceId, this.#compared(service, record, known));
    }
    for (const [id, { record }] of before) if (!after.has(id)) this.#changed({ record, action: "DELETED" });
    if (after.size === 0) this.#apps.delete(app);
    else this.#apps.set(app, after);
  }

  /** The same again when nothing has changed that a client can see. */
  #compared(service: Service, record: EurekaRecord, known: Seen | undefined): Seen {
    const isSame = known !== undefined && isDeepStrictEqual(comparable(known), comparable({ record, service }));
    if (isSame) return { ...known, service };
    const kept = known === undefined || service.eureka !== undefined ? record : withHistory(record, known.record);
    const seen: Seen = { record: kept, service, action: known === undefined ? "ADDED" : "MODIFIED" };
    this.#changed(seen);
    return seen;
  }

  #changed({ record, action }: { readonly record: EurekaRecord; readonly action: Listed["action"] }): void {
    this.#version += 1;
    this.#recent.add({ record, action, lastRenewalTimestamp: this.#options.runtime.clock.wall() });
  }

  #servicesOf(names: readonly string[]): Service[] {
    const { groups, checks } = this.#options.store.catalog;
    const listed = names.flatMap((name) => groups.get(name)?.sorted() ?? []);
    const services = listed.filter(
      ({ eureka }) => eureka === undefined || !hasEnded(checks.get(leaseIdOf(eureka.app, eureka.instanceId))),
    );
    return services.toSorted((a, b) => Number(b.eureka !== undefined) - Number(a.eureka !== undefined));
  }

  #record(service: Service): EurekaRecord {
    const { store, node, runtime } = this.#options;
    const { catalog } = store;
    const own = catalog.checksOf(catalogKey(service.node, service.id)).values();
    const nodes = catalog.checksOf(catalogKey(service.node, "")).values();
    const nodeAddress = nodeFacts(node, catalog, service.node).address;
    return toRecord(service, { checks: [...own, ...nodes], nodeAddress, now: Math.floor(runtime.clock.wall()) });
  }

  #application(name: string): Application {
    return { name, instances: [...(this.#apps.get(name)?.values() ?? [])].map((seen) => this.#listed(seen)) };
  }

  /** The last renewal is read when it is told: beats change nothing else. */
  #listed({ record, service, action }: Seen): Listed {
    const { store, agent, runtime } = this.#options;
    const checks = store.catalog.checksOf(catalogKey(service.node, service.id)).values();
    const lease = [...checks].find(({ ttlMs }) => ttlMs > 0);
    const silentMs = lease === undefined ? 0 : agent.silentMs(lease);
    return { record, action, lastRenewalTimestamp: Math.floor(runtime.clock.wall() - silentMs) };
  }

  *#records(): Generator<EurekaRecord> {
    for (const instances of this.#apps.values()) for (const { record } of instances.values()) yield record;
  }
}

/** For what no Eureka client registered, the times are made up by us, each time anew. */
function comparable({ record, service }: Pick<Seen, "record" | "service">): object {
  if (service.eureka !== undefined) return record;
  return { ...record, registrationTimestamp: 0, serviceUpTimestamp: 0, lastUpdatedTimestamp: 0, lastDirtyTimestamp: 0 };
}

function withHistory(record: EurekaRecord, { registrationTimestamp, serviceUpTimestamp }: EurekaRecord): EurekaRecord {
  return { ...record, registrationTimestamp, serviceUpTimestamp };
}

function isAmong(address: string, listed: string | undefined): boolean {
  return listed !== undefined && listed.split(",").some((each) => each.trim() === address);
}
