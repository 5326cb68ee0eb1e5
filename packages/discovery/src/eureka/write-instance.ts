import type { Instance, InstanceStatus } from "@enmesh/core";

import type { Lease } from "../source.ts";
import { statusLabel } from "./read-instance.ts";

/**
 * The body of a registration. Eureka has no word for draining: it is told as DOWN, which no override and no older copy outweighs, and the metadata says
 * why.
 */
export function writeInstance(instance: Instance, status: InstanceStatus, lease: Lease, dirtyAt: number): object {
  const { id, service, address, port, protocol } = instance;
  const isSecure = protocol === "https";
  return {
    instance: {
      instanceId: id,
      hostName: address,
      app: service.toUpperCase(),
      ipAddr: address,
      vipAddress: service,
      secureVipAddress: service,
      status: status === "DRAINING" ? "DOWN" : status,
      overriddenStatus: "UNKNOWN",
      port: { $: isSecure ? 80 : port, "@enabled": String(!isSecure) },
      securePort: { $: isSecure ? port : 443, "@enabled": String(isSecure) },
      countryId: 1,
      dataCenterInfo: { "@class": "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo", name: "MyOwn" },
      leaseInfo: {
        renewalIntervalInSecs: Math.max(1, Math.round(lease.ttlMs / 3_000)),
        durationInSecs: Math.max(1, Math.ceil(lease.ttlMs / 1_000)),
      },
      metadata: metadataOf(instance, status),
      lastDirtyTimestamp: String(dirtyAt),
      isCoordinatingDiscoveryServer: "false",
    },
  };
}

function metadataOf(
  { labels, version, zone, region, weight, protocol }: Instance,
  status: InstanceStatus,
): Record<string, string> {
  return {
    ...labels,
    ...(version === undefined ? {} : { version }),
    ...(zone === undefined ? {} : { zone }),
    ...(region === undefined ? {} : { region }),
    ...(weight === 1 ? {} : { weight: String(weight) }),
    ...(status === "DRAINING" ? { [statusLabel]: status } : {}),
    protocol,
    enmesh: "1",
  };
}
