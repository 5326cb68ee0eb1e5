import { type Destination, type Endpoint, type EndpointSnapshot, Slot } from "@enmesh/core";

interface View {
  readonly snapshot: EndpointSnapshot;
  readonly version: number;
  readonly endpoints: readonly Endpoint[];
  readonly isPanicking: boolean;
}

/**
 * Which endpoints of a destination may be picked: a list that is made when the snapshot or somebody's health changes, not per call. Below the
 * panic threshold health is not regarded: with most endpoints out, sending everything to the few that are left would finish them too
 * (Envoy's panic mode).
 */
export class Availability {
  readonly #views = new Slot<View>("place");
  readonly #panicBelow: number;
  #version = 0;

  constructor(panicBelow: number) {
    this.#panicBelow = panicBelow;
  }

  /** Somebody was ejected, or came back. */
  changed(): void {
    this.#version += 1;
  }

  of(destination: Destination): View {
    const view = this.#views.get(destination);
    if (view !== undefined && view.snapshot === destination.snapshot && view.version === this.#version) return view;
    const made = this.#look(destination.snapshot);
    this.#views.set(destination, made);
    return made;
  }

  #look(snapshot: EndpointSnapshot): View {
    const { endpoints } = snapshot;
    const healthy = endpoints.filter(({ health }) => health.ejectedAt === undefined);
    const isPanicking = healthy.length < endpoints.length * this.#panicBelow;
    return { snapshot, version: this.#version, endpoints: isPanicking ? endpoints : healthy, isPanicking };
  }
}
