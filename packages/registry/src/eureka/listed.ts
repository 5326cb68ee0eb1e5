import type { EurekaRecord } from "../model/eureka.ts";

/** What became of an instance since it was last told of. */
type ActionType = "ADDED" | "MODIFIED" | "DELETED";

/** An instance as it is listed. */
export interface Listed {
  readonly record: EurekaRecord;
  readonly action: ActionType;
  readonly lastRenewalTimestamp: number;
}

/** An application: its instances under one name. */
export interface Application {
  readonly name: string;
  readonly instances: readonly Listed[];
}

/** A list of applications, and the hash of the whole registry at that instant. */
export interface Applications {
  /** Says nothing: a word that clients expect. */
  readonly version: "1" | "-1";
  readonly hash: string;
  readonly applications: readonly Application[];
}

/** Counts instances by status, in the order of the statuses' names. Clients compare it with what they hold. */
export function hashOf(records: Iterable<Pick<EurekaRecord, "status">>): string {
  const counts = new Map<string, number>();
  for (const { status } of records) counts.set(status, (counts.get(status) ?? 0) + 1);
  const sorted = [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([status, count]) => `${status}_${count}_`).join("");
}
