import type { EndpointSnapshot, Instance } from "@enmesh/core";

/**
 * How much a view is worth. `loading`: nothing heard yet. `unknown`: the registry knows no instance and never did. `known`: the registry's present word.
 * `stale`: the last good word, because the registry is away or answers with nothing.
 */
export type ViewState = "unknown" | "loading" | "known" | "stale";

/** What this process knows about one service, always up to date: the balancer reads `snapshot`, the state page reads the rest. */
export interface ServiceView {
  readonly service: string;
  readonly state: ViewState;
  /** The endpoints that take calls. Replaced with every change, never changed. */
  readonly snapshot: EndpointSnapshot;
  /** All instances, those that take no calls included. */
  readonly instances: readonly Instance[];
  /** Why the registry could not be asked, while it cannot. */
  readonly trouble: string | undefined;
  /** Calls back once the view is no longer `loading`: at once when it is not now. The returned function gives the wait up. */
  whenReady(callback: () => void): () => void;
  /** Calls back after every change of snapshot or state. The returned function stops it. */
  subscribe(listener: (view: ServiceView) => void): () => void;
}
