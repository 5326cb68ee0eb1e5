import { isDeepStrictEqual } from "node:util";

import type { Clock } from "@enmesh/core";

import type { Agent } from "../agent/agent.ts";
import { Rejection } from "../http/exchange.ts";
import type { EurekaRecord, EurekaStatus } from "../model/eureka.ts";
import type { Store } from "../state/store.ts";
import { hasEnded, leaseIdOf, serviceIdOf, toLease, toService } from "./catalog-service.ts";
import { checkStatusOf, decideStatus } from "./status.ts";

/** Who asks: a client, or a Eureka server that passes on what a client asked of it. */
export interface Origin {
  readonly isReplication: boolean;
}

export interface Renewal extends Origin {
  /** When the client last changed, by its own clock. */
  readonly lastDirtyTimestamp?: number | undefined;
  /** An override that the peer knows of. */
  readonly overriddenStatus?: EurekaStatus;
}

/** What came of a renewal: `unknown` asks the client to register anew, `outdated` tells a peer that we know better. */
export type RenewalResult = "renewed" | "unknown" | "outdated";

/** What Eureka's clients ask for: to be listed as long as they renew, with the status that an operator may override. */
export class EurekaRegistrations {
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #agent: Agent;

  constructor(clock: Clock, store: Store, agent: Agent) {
    this.#clock = clock;
    this.#store = store;
    this.#agent = agent;
  }

  /** What a Eureka client said of an instance; undefined for one that is unknown, has ended, or was not registered by one. */
  find(app: string, instanceId: string): EurekaRecord | undefined {
    const { services, checks } = this.#store.catalog;
    const record = services.get(serviceIdOf(app, instanceId))?.eureka;
    if (hasEnded(checks.get(leaseIdOf(app, instanceId)))) return undefined;
    return record?.app === app && record.instanceId === instanceId ? record : undefined;
  }

  /**
   * Lists an instance, and starts its lease anew. Who says the same as before changes nothing.
   *
   * @throws Rejection 409 when another service has its id.
   */
  register(given: EurekaRecord, { isReplication }: Origin): void {
    this.#refuseForeign(given);
    const before = this.find(given.app, given.instanceId);
    const latest = before !== undefined && before.lastDirtyTimestamp > given.lastDirtyTimestamp ? before : given;
    const wanted = before === undefined ? "UNKNOWN" : before.overriddenStatus;
    const overriddenStatus = wanted === "UNKNOWN" ? given.overriddenStatus : wanted;
    const decided =
      before === undefined ? { status: "UNKNOWN" as const, overriddenStatus } : { ...before, overriddenStatus };
    const status = decideStatus(latest.status, decided, isReplication);
    const now = this.#now();
    const record: EurekaRecord = {
      ...latest,
      status,
      overriddenStatus,
      registrationTimestamp: before?.registrationTimestamp ?? now,
      serviceUpTimestamp: before?.serviceUpTimestamp || (status === "UP" ? now : 0),
      lastUpdatedTimestamp: before?.lastUpdatedTimestamp ?? now,
    };
    this.#put(isDeepStrictEqual(record, before) ? record : { ...record, lastUpdatedTimestamp: now });
  }

  /** A heartbeat. It touches no disk and moves no index, unless an override was waiting for it. */
  renew(app: string, instanceId: string, renewal: Renewal): RenewalResult {
    const record = this.find(app, instanceId);
    if (record === undefined) return "unknown";
    const status = decideStatus(record.status, record, renewal.isReplication);
    if (status === "UNKNOWN") return "unknown";
    if (status !== record.status) this.#put({ ...record, status, lastUpdatedTimestamp: this.#now() });
    else this.#beat(record);

    const { lastDirtyTimestamp, isReplication, overriddenStatus = "UNKNOWN" } = renewal;
    if (lastDirtyTimestamp === undefined || lastDirtyTimestamp === record.lastDirtyTimestamp) return "renewed";
    if (lastDirtyTimestamp < record.lastDirtyTimestamp) return isReplication ? "outdated" : "renewed";
    // The peer will send the whole instance now; its override comes with this beat.
    if (isReplication && overriddenStatus !== "UNKNOWN" && overriddenStatus !== record.overriddenStatus)
      this.#put({ ...record, status, overriddenStatus, lastUpdatedTimestamp: this.#now() });
    return "unknown";
  }

  /** Takes an instance off the list. False when it was not on it. */
  cancel(app: string, instanceId: string): boolean {
    return this.find(app, instanceId) !== undefined && this.#agent.deregisterService(serviceIdOf(app, instanceId));
  }

  /** An operator says what the status shall be, whatever the client says. False when there is no such instance. */
  override(app: string, instanceId: string, status: EurekaStatus, lastDirtyTimestamp = 0): boolean {
    const record = this.find(app, instanceId);
    if (record === undefined) return false;
    if (record.status === status) this.#beat(record);
    else this.#put(this.#changed({ ...record, status, overriddenStatus: status }, lastDirtyTimestamp));
    return true;
  }

  /** The client decides again. `status` holds until it does; with `UNKNOWN` its next renewal asks it to register anew. */
  removeOverride(app: string, instanceId: string, status: EurekaStatus, lastDirtyTimestamp = 0): boolean {
    const record = this.find(app, instanceId);
    if (record === undefined) return false;
    if (record.overriddenStatus === "UNKNOWN") this.#beat(record);
    else this.#put(this.#changed({ ...record, status, overriddenStatus: "UNKNOWN" }, lastDirtyTimestamp));
    return true;
  }

  /** Adds to what an instance says of itself. False when there is no such instance. */
  addMetadata(app: string, instanceId: string, metadata: Readonly<Record<string, string>>): boolean {
    const record = this.find(app, instanceId);
    if (record === undefined) return false;
    const merged = { ...record.metadata, ...metadata };
    if (isDeepStrictEqual(merged, record.metadata)) this.#beat(record);
    else this.#put(this.#changed({ ...record, metadata: merged }));
    return true;
  }

  #refuseForeign({ app, instanceId }: EurekaRecord): void {
    const id = serviceIdOf(app, instanceId);
    const listed = this.#store.catalog.services.get(id);
    if (listed === undefined || listed.name === app.toLowerCase()) return;
    throw new Rejection(409, `the service ${JSON.stringify(listed.name)} is registered as ${JSON.stringify(id)}`);
  }

  #changed(record: EurekaRecord, lastDirtyTimestamp = 0): EurekaRecord {
    const now = this.#now();
    const serviceUpTimestamp = record.serviceUpTimestamp || (record.status === "UP" ? now : 0);
    const dirty = Math.max(record.lastDirtyTimestamp, lastDirtyTimestamp);
    return { ...record, serviceUpTimestamp, lastUpdatedTimestamp: now, lastDirtyTimestamp: dirty };
  }

  #put(record: EurekaRecord): void {
    const lease = toLease(record);
    this.#agent.registerService(toService(record), [lease]);
    this.#beat(record);
  }

  #beat({ app, instanceId, status }: EurekaRecord): void {
    this.#agent.report(leaseIdOf(app, instanceId), checkStatusOf(status), status);
  }

  #now(): number {
    return Math.floor(this.#clock.wall());
  }
}
