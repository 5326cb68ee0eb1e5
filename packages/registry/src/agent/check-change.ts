import { isDeepStrictEqual } from "node:util";

import type { Change } from "../model/change.ts";
import type { Check, CheckDefinition } from "../model/check.ts";
import type { Catalog } from "../state/catalog.ts";

/** The change, if any, that makes `definition` a check of `service` (or of the node). A check that exists keeps its status. */
export function checkChange(
  catalog: Catalog,
  definition: CheckDefinition,
  service: { readonly id: string; readonly name: string; readonly tags: readonly string[] } | undefined,
  index: number,
): Change[] {
  const before = catalog.checks.get(definition.id);
  const { id, name, notes, type, ttlMs, deregisterAfterMs, endsService, probe } = definition;
  const check: Check = {
    id,
    name,
    notes,
    status: before?.status ?? definition.status,
    output: before?.output ?? definition.output ?? "",
    serviceId: service?.id ?? "",
    serviceName: service?.name ?? "",
    serviceTags: service?.tags ?? [],
    type,
    ttlMs,
    deregisterAfterMs,
    ...(endsService === undefined ? {} : { endsService }),
    ...(probe === undefined ? {} : { probe }),
    createIndex: before?.createIndex ?? index,
    modifyIndex: before?.modifyIndex ?? index,
  };
  if (isDeepStrictEqual(before, check)) return [];
  return [{ op: "check", check: { ...check, modifyIndex: index } }];
}
