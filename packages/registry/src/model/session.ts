/** What becomes of the keys of a session that ends. */
type SessionBehavior = "release" | "delete";

/** Somebody who may hold locks, for as long as its checks do not fail and it is renewed. */
export interface Session {
  readonly id: string;
  readonly name: string;
  readonly node: string;
  /** The checks of its node it depends on; null where none were ever named. */
  readonly nodeChecks: readonly string[] | null;
  readonly serviceChecks: readonly ServiceCheck[] | null;
  /** How long nobody may take a lock after it was lost. */
  readonly lockDelayMs: number;
  readonly behavior: SessionBehavior;
  /** As it was given; empty for a session that needs no renewal. */
  readonly ttl: string;
  readonly ttlMs: number;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

export interface ServiceCheck {
  readonly ID: string;
  readonly Namespace: string;
}

/** The ids of all checks that a session depends on. */
export function checksOfSession({
  nodeChecks,
  serviceChecks,
}: Pick<Session, "nodeChecks" | "serviceChecks">): string[] {
  return [...(nodeChecks ?? []), ...(serviceChecks ?? []).map(({ ID }) => ID)];
}
