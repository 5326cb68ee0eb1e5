import { isIP } from "node:net";

import type { Check } from "../model/check.ts";
import type { EurekaRecord } from "../model/eureka.ts";
import type { Service } from "../model/service.ts";
import { statusOf } from "./catalog-service.ts";

/** What is known of an instance besides its service. */
export interface Surroundings {
  /** Its own checks, and those of its node. */
  readonly checks: readonly Check[];
  /** Where services without an address of their own are reached. */
  readonly nodeAddress: string;
  readonly now: number;
}

/** An instance as Eureka's clients shall find it: what its owner said, where that was a Eureka client, else what the catalog knows. */
export function toRecord(service: Service, { checks, nodeAddress, now }: Surroundings): EurekaRecord {
  const status = statusOf(service, checks);
  if (service.eureka !== undefined) return { ...service.eureka, status };

  const address = service.address === "" ? nodeAddress : service.address;
  const meta = service.meta ?? {};
  const isSecure = meta["protocol"] === "https" || meta["secure"] === "true";
  const ttlMs = Math.max(...checks.filter(({ serviceId }) => serviceId !== "").map((check) => check.ttlMs), 0);
  const durationInSecs = ttlMs === 0 ? 90 : Math.max(1, Math.ceil(ttlMs / 1_000));
  const host = isIP(address) === 6 ? `[${address}]` : address;
  return {
    instanceId: service.id,
    app: service.name.toUpperCase(),
    hostName: address,
    ipAddr: address,
    status,
    overriddenStatus: "UNKNOWN",
    port: { number: isSecure ? 7001 : service.port, isEnabled: !isSecure },
    securePort: { number: isSecure ? service.port : 443, isEnabled: isSecure },
    countryId: 1,
    dataCenter: { name: "MyOwn", metadata: {} },
    renewalIntervalInSecs: Math.max(1, Math.floor(durationInSecs / 3)),
    durationInSecs,
    metadata: meta,
    links: {
      homePageUrl: `${isSecure ? "https" : "http"}://${host}:${service.port}/`,
      vipAddress: service.name,
      secureVipAddress: service.name,
    },
    isCoordinatingDiscoveryServer: false,
    registrationTimestamp: now,
    serviceUpTimestamp: now,
    lastUpdatedTimestamp: now,
    lastDirtyTimestamp: now,
  };
}
