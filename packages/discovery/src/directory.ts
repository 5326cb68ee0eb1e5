import type { Runtime } from "@enmesh/core";

import type { Probe } from "./doubts.ts";
import { LiveDirectory } from "./live-directory.ts";
import type { ServiceView } from "./service-view.ts";
import type { SnapshotStore } from "./snapshot/snapshot-file.ts";
import type { DiscoverySource } from "./source.ts";

export interface DirectoryOptions {
  readonly source: DiscoverySource;
  readonly runtime: Runtime;
  /** Asks an instance that vanished with many others whether it is still there. @default none: they are kept for two minutes */
  readonly probe?: Probe | undefined;
  /** Where to write down what is known, so that the next start needs no registry: `snapshotFile(…)`. @default nowhere */
  readonly snapshot?: SnapshotStore | undefined;
}

export interface ReadyOptions {
  /** How long to wait, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
  /** Gives the wait up. Only `directory.ready` knows it. */
  readonly signal?: AbortSignal;
}

/** Who is there, as far as this process knows. Its answers are always at hand; the source keeps them fresh. */
export interface Directory {
  /** Where the answers come from: `registry http://127.0.0.1:8500`. */
  readonly source: string;
  /** Why the source could not be asked, while it cannot. */
  readonly trouble: string | undefined;
  /** Resolves once the source has answered, or a snapshot stands in for it. Rejects when it did not in time (the directory keeps trying all the same) or when the directory is closed. */
  ready(options?: ReadyOptions): Promise<void>;
  /** Calls back once it is known which services there are: at once when it is known now. The returned function gives the wait up. */
  whenReady(callback: () => void): () => void;
  /** The names of all services. */
  names(): readonly string[];
  /** Whether a service of this name exists; undefined while no answer has come. */
  isKnown(service: string): boolean | undefined;
  /** What is known about a service. The first call starts watching it. */
  view(service: string): ServiceView;
  /** The services watched so far. */
  views(): readonly ServiceView[];
  /** Ends all watches. What is known stays readable and is not kept fresh any more. */
  close(): void;
}

/**
 * Starts a directory: it watches the names of all services at once, and each service from the first time it is asked for. A registry that
 * goes away, or forgets, does not empty it.
 *
 * @example
 * ```ts
 * import { createRuntime } from "@enmesh/core";
 * import { createDirectory, staticSource } from "@enmesh/discovery";
 *
 * const directory = createDirectory({ source: staticSource({ orders: ["http://127.0.0.1:3001"] }), runtime: createRuntime() });
 * console.log(directory.view("orders").snapshot.endpoints[0]?.origin); // http://127.0.0.1:3001
 * directory.close();
 * ```
 */
export function createDirectory(options: DirectoryOptions): Directory {
  return new LiveDirectory(options);
}
