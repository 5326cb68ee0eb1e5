import type { Instance } from "@enmesh/core";

import type { Lease } from "../source.ts";

/** The id of the check that carries an instance's status. */
export function checkIdOf(instance: Instance): string {
  return `service:${instance.id}`;
}

/**
 * The body of a registration. Labels stand in the metadata under their own names, so that tools which know nothing of us select by them too. A
 * check starts as passing only when the instance is already up: then a registry that lost it does not send its traffic elsewhere for a moment.
 */
export function writeInstance(instance: Instance, { ttlMs, deregisterAfterMs }: Lease): object {
  return {
    ID: instance.id,
    Name: instance.service,
    Address: instance.address,
    Port: instance.port,
    Meta: metaOf(instance),
    // Whole numbers from 1 are all that fits here; the exact weight stands in the metadata.
    Weights: { Passing: Math.max(1, Math.round(instance.weight)), Warning: 1 },
    Check: {
      CheckID: checkIdOf(instance),
      Name: "Enmesh heartbeat",
      TTL: `${Math.round(ttlMs)}ms`,
      DeregisterCriticalServiceAfter: `${Math.round(deregisterAfterMs)}ms`,
      Status: instance.status === "UP" ? "passing" : "critical",
    },
  };
}

function metaOf({ labels, version, protocol, zone, region, weight }: Instance): Record<string, string> {
  return {
    ...labels,
    ...(version === undefined ? {} : { version }),
    ...(zone === undefined ? {} : { zone }),
    ...(region === undefined ? {} : { region }),
    ...(weight === 1 ? {} : { weight: String(weight) }),
    protocol,
    enmesh: "1",
  };
}
