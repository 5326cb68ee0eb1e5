import type { Check } from "../model/check.ts";

/** A check as a Go `structs.HealthCheck`. */
export function renderCheck(check: Check, node: string): object {
  return {
    Node: node,
    CheckID: check.id,
    Name: check.name,
    Status: check.status,
    Notes: check.notes,
    Output: check.output,
    ServiceID: check.serviceId,
    ServiceName: check.serviceName,
    ServiceTags: check.serviceTags,
    Type: check.type,
    Interval: "",
    Timeout: "",
    ExposedPort: 0,
    Definition: {},
    CreateIndex: check.createIndex,
    ModifyIndex: check.modifyIndex,
  };
}

/** Checks in the order that Consul lists them. */
export function sortedChecks(checks: Iterable<Check>): Check[] {
  return [...checks].toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
