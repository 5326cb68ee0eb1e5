import type { Instance, InstanceStatus, MeshError } from "@enmesh/core";

import type { BeatRequest } from "./pulse/beat-request.ts";

/** Something that is being watched. After `stop` its listeners hear nothing more, not even what is already under way. */
export interface Watch {
  stop(): void;
}

/**
 * Where instances come from: a registry, a list, anything that can tell of changes.
 *
 * A source repeats and backs off by itself and never gives up; `onTrouble` only tells that what was heard last may be out of date, until a
 * listener is called again. Listeners may be called before the watch method has returned. What a source hears it passes on
 * unjudged: the directory drops what cannot be used and keeps what was last known to be good.
 */
export interface DiscoverySource {
  /** What people read in messages: `registry http://127.0.0.1:8500`. */
  readonly name: string;
  /** True when its word is final, as that of a list which people write: then nothing it leaves out is kept. */
  readonly isAuthoritative?: boolean;
  watchNames(listener: (names: ReadonlySet<string>) => void, onTrouble: (error: MeshError) => void): Watch;
  watchInstances(
    service: string,
    listener: (instances: readonly Instance[]) => void,
    onTrouble: (error: MeshError) => void,
  ): Watch;
  /** Ends every watch at once and frees what they held. */
  close(): void;
}

/** How long a registration lives when nothing more is heard of its instance. */
export interface Lease {
  /** Without a heartbeat for this long, the instance counts as down. */
  readonly ttlMs: number;
  /** Down for this long, it is removed altogether. */
  readonly deregisterAfterMs: number;
}

/**
 * Where one instance is announced. Every method makes one bounded attempt: it settles by itself and rejects with a `MeshError` when the
 * registry did not take the word. It has its own connections, apart from any source, and is closed last of all.
 */
export interface Registrar {
  readonly name: string;
  /** Announces the instance, or announces it again; its status is written by `report`. */
  register(instance: Instance, lease: Lease): Promise<void>;
  /** Renews the lease and says how the instance does. Answers `unknown` when the registry has lost the registration. */
  report(instance: Instance, status: InstanceStatus, note: string): Promise<"taken" | "unknown">;
  /** Removes the instance. One that is not there is removed, too. */
  deregister(instance: Instance): Promise<void>;
  /** The same report as one plain request, for the thread that beats while the main loop is blocked. Without it nobody does. */
  beat?(instance: Instance, status: InstanceStatus, note: string): BeatRequest;
  /** Times that suit this registry better than our own. */
  readonly preferred?: { readonly heartbeatMs: number; readonly ttlMs: number };
  close(): void;
}
