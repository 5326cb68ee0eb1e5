import { isDeepStrictEqual } from "node:util";

import type { EurekaRecord } from "./eureka.ts";

/** Where a service can be reached from: `lan_ipv4`, `wan_ipv4`, … */
export interface ServiceAddress {
  readonly Address: string;
  readonly Port: number;
}

/** One instance of a service. A changed instance is a new value. */
export interface Service {
  readonly id: string;
  /** The node it is on. @default our own */
  readonly node?: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly address: string;
  readonly port: number;
  /** Null when none was given: Consul tells the two apart. */
  readonly meta: Readonly<Record<string, string>> | null;
  readonly taggedAddresses: Readonly<Record<string, ServiceAddress>> | null;
  readonly weights: { readonly Passing: number; readonly Warning: number };
  readonly enableTagOverride: boolean;
  /** What a Eureka client said, for an instance that was registered by one. */
  readonly eureka?: EurekaRecord;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/** A service as its owner describes it, before the registry gives it an index. */
export type ServiceDefinition = Omit<Service, "createIndex" | "modifyIndex">;

/** True when registering `definition` again would change nothing. */
export function describesSame(service: Service, definition: ServiceDefinition): boolean {
  const { createIndex, modifyIndex } = service;
  return isDeepStrictEqual(plain(service), plain({ ...definition, createIndex, modifyIndex }));
}

/** Maps from a client have no prototype, maps from the log have one: compare them as what they say. */
function plain(service: Service): unknown {
  return JSON.parse(
    JSON.stringify({ ...service, meta: sorted(service.meta), taggedAddresses: sorted(service.taggedAddresses) }),
  );
}

function sorted(map: Readonly<Record<string, unknown>> | null): [string, unknown][] | null {
  return map === null ? null : Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
