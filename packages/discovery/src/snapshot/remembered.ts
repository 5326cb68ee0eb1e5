import type { Instance } from "@enmesh/core";

/** How long a live answer is waited for before a snapshot counts. Trouble ends the wait at once. */
export const patienceMs = 1_000;

/** What a snapshot tells of one service. */
export interface RememberedService {
  readonly instances: readonly Instance[];
  /** How old it is, for people. A wall clock may jump: nothing is decided by it. */
  age(): string;
}
