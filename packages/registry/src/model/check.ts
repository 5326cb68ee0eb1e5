import type { Probe } from "./probe.ts";

/** What a check says about its service (or about the node). */
export type CheckStatus = "passing" | "warning" | "critical";

/** A check of a service, or of the node itself when `serviceId` is empty. A changed check is a new value. */
export interface Check {
  readonly id: string;
  /** The node it is on. @default our own */
  readonly node?: string;
  readonly name: string;
  readonly notes: string;
  readonly status: CheckStatus;
  readonly output: string;
  readonly serviceId: string;
  readonly serviceName: string;
  readonly serviceTags: readonly string[];
  readonly type: string;
  /** 0 for a check that nobody beats, such as maintenance mode. */
  readonly ttlMs: number;
  /** How long its service may be critical before it is removed; 0 for ever. */
  readonly deregisterAfterMs: number;
  /** The end of its TTL is that of its service, as with a lease of Eureka; it is removed a TTL later. @default false */
  readonly endsService?: boolean;
  /** How we find out ourselves, for a check that nobody beats. */
  readonly probe?: Probe;
  /** What its owner told the catalog about it, shown as it is. */
  readonly definition?: Readonly<Record<string, unknown>>;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/** A check as its owner describes it. */
export interface CheckDefinition {
  readonly id: string;
  readonly name: string;
  readonly notes: string;
  /** The status it begins with; one that exists keeps the status it has. */
  readonly status: CheckStatus;
  /** What it says before its first beat. @default "" */
  readonly output?: string;
  readonly type: string;
  readonly ttlMs: number;
  readonly deregisterAfterMs: number;
  readonly endsService?: boolean;
  readonly probe?: Probe;
}

export function isCheckStatus(text: string): text is CheckStatus {
  return text === "passing" || text === "warning" || text === "critical";
}
