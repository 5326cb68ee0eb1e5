import type { CheckDefinition } from "../model/check.ts";

/** The id of the check that stands for maintenance mode: of a service, or of the node for "". */
export function maintenanceId(serviceId: string): string {
  return serviceId === "" ? "_node_maintenance" : `_service_maintenance:${serviceId}`;
}

/** The check that stands for maintenance mode: critical until it is taken away. */
export function maintenanceOf(serviceId: string, reason: string): CheckDefinition {
  const subject = serviceId === "" ? "Node" : "Service";
  return {
    id: maintenanceId(serviceId),
    name: `${subject} Maintenance Mode`,
    notes:
      reason === ""
        ? `Maintenance mode is enabled for this ${subject.toLowerCase()}, but no reason was provided. This is a default message.`
        : reason,
    status: "critical",
    type: "maintenance",
    ttlMs: 0,
    deregisterAfterMs: 0,
  };
}
