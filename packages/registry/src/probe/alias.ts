import type { Catalog } from "../state/catalog.ts";
import { critical, passing, type ProbeResult } from "./result.ts";

/** What an alias of a service says: the worst that any of the service's checks says. */
export function aliasResult(catalog: Catalog, serviceId: string): ProbeResult {
  const checks = [...catalog.checksOf(serviceId).values()].filter(({ probe }) => probe?.kind !== "alias");
  if (checks.length === 0) return passing("No checks found.");
  const worst = checks.find(({ status }) => status === "critical") ?? checks.find(({ status }) => status === "warning");
  if (worst === undefined) return passing("All checks passing.");
  const output = `Aliased check "${worst.name}" failing: ${worst.output}`;
  return worst.status === "critical" ? critical(output) : { status: "warning", output };
}
