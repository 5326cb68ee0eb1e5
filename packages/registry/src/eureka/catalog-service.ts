import { maintenanceId } from "../agent/maintenance.ts";
import { isExpiredOutput } from "../agent/output.ts";
import type { Check, CheckDefinition } from "../model/check.ts";
import type { EurekaRecord, EurekaStatus } from "../model/eureka.ts";
import type { Service, ServiceDefinition } from "../model/service.ts";
import { checkStatusOf } from "./status.ts";

/** The id of an instance in the catalog. Eureka's own are unique in their application only. */
export function serviceIdOf(app: string, instanceId: string): string {
  // What separates the two must not be part of the first.
  return `${app.toLowerCase().replace(/[%/]/g, encodeURIComponent)}/${instanceId}`;
}

/** The id of the check that stands for the lease of an instance. */
export function leaseIdOf(app: string, instanceId: string): string {
  return `service:${serviceIdOf(app, instanceId)}`;
}

/** An instance as Consul's clients, and Enmesh's own, shall find it. */
export function toService(record: EurekaRecord): ServiceDefinition {
  const isSecureOnly = record.securePort.isEnabled && !record.port.isEnabled;
  const meta = isSecureOnly ? { ...record.metadata, secure: "true" } : record.metadata;
  return {
    id: serviceIdOf(record.app, record.instanceId),
    name: record.app.toLowerCase(),
    tags: [],
    address: record.ipAddr,
    port: isSecureOnly ? record.securePort.number : record.port.number,
    meta: Object.keys(meta).length === 0 ? null : meta,
    taggedAddresses: null,
    weights: { Passing: 1, Warning: 1 },
    enableTagOverride: false,
    eureka: record,
  };
}

/** True when the lease of an instance has ended: nobody speaks for it any more. */
export function hasEnded(lease: Check | undefined): boolean {
  return lease?.status === "critical" && isExpiredOutput(lease.output);
}

/** The lease of an instance, as a check with a TTL: its end is the end of the instance. */
export function toLease({ app, instanceId, status, durationInSecs }: EurekaRecord): CheckDefinition {
  return {
    id: leaseIdOf(app, instanceId),
    name: "Eureka lease",
    notes: "",
    status: checkStatusOf(status),
    output: status,
    type: "ttl",
    ttlMs: durationInSecs * 1_000,
    deregisterAfterMs: 0,
    endsService: true,
  };
}

/**
 * The Eureka status of an instance, by its checks and those of its node. Maintenance is `OUT_OF_SERVICE`; for an instance
 * of Eureka its own word follows, for others what their failing checks have as their last word.
 */
export function statusOf({ eureka, meta }: Service, checks: readonly Check[]): EurekaStatus {
  const isMaintained = ({ id, serviceId }: Check): boolean =>
    id === maintenanceId("") || id === maintenanceId(serviceId);
  if (checks.some(isMaintained)) return "OUT_OF_SERVICE";
  if (eureka !== undefined) return eureka.status;
  const critical = checks.filter(({ status }) => status === "critical");
  if (critical.length === 0) return "UP";
  // Who drains still answers what is under way, and wants nothing new.
  if (critical.some(({ output }) => /(^|: )(DRAINING|OUT_OF_SERVICE)$/.test(output))) return "OUT_OF_SERVICE";
  // Enmesh's own SDK has not spoken yet where its check says nothing.
  const isStarting = ({ output }: Check): boolean =>
    output === "STARTING" || (output === "" && meta?.["enmesh"] !== undefined);
  return critical.every(isStarting) ? "STARTING" : "DOWN";
}
