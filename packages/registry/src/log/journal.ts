import type { MeshError } from "@enmesh/core";

import type { Commit } from "../model/change.ts";

/** Where commits are kept beyond the life of the process. */
export interface Journal {
  /** Why nothing can be written any more; undefined while all is well. */
  readonly failure: MeshError | undefined;
  /** Length of the log; undefined where there is none. */
  readonly bytes?: number | undefined;
  /** Takes a commit. It is safe once `committed` resolves. */
  append(commit: Commit): void;
  /** Resolves when all that was appended so far is safe; rejects with ENMESH_STORE_FAILED when it cannot be made safe. */
  committed(): Promise<void>;
  close(): Promise<void>;
}

/** Keeps nothing: for a registry without a data directory. */
export const memoryJournal: Journal = Object.freeze({
  failure: undefined,
  append: () => {},
  committed: () => Promise.resolve(),
  close: () => Promise.resolve(),
});
