import { goText } from "../go/duration.ts";
import type { Check } from "../model/check.ts";

/** A check as a Go `structs.HealthCheck`; `node` is the name of our own. */
export function renderCheck(check: Check, node: string): object {
  return {
    Node: check.node ?? node,
    CheckID: check.id,
    Name: check.name,
    Status: check.status,
    Notes: check.notes,
    Output: check.output,
    ServiceID: check.serviceId,
    ServiceName: check.serviceName,
    ServiceTags: check.serviceTags,
    Type: check.type,
    Interval: check.probe === undefined ? "" : goText(check.probe.intervalMs),
    Timeout: check.probe === undefined ? "" : goText(check.probe.timeoutMs),
    ExposedPort: 0,
    Definition: check.definition ?? {},
    CreateIndex: check.createIndex,
    ModifyIndex: check.modifyIndex,
  };
}

/** Checks in the order that Consul lists them. */
export function sortedChecks(checks: Iterable<Check>): Check[] {
  return [...checks].toSorted((a, b) => {
    const [nodeA, nodeB] = [a.node ?? "", b.node ?? ""];
    if (nodeA !== nodeB) return nodeA < nodeB ? -1 : 1;
    return a.id < b.id ? -1 : 1;
  });
}
