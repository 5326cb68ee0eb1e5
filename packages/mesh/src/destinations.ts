import { AsyncLocalStorage } from "node:async_hooks";
import {
  Destination,
  type Endpoint,
  type EndpointSnapshot,
  emptySnapshot,
  type Policy,
  type Refusal,
  type RoutedCall,
  refuse,
  Slot,
  type Wait,
} from "@enmesh/core";
import type { Directory, ServiceView } from "@enmesh/discovery";

type Labels = Readonly<Record<string, string>>;

const mostKept = 10_000;

/**
 * Keeps one Destination per service and subset, for the life of the mesh, so that breakers, budgets and turns survive a new routing table; and
 * keeps its snapshot up to date from discovery. A service is watched from the first call on that goes there.
 */
export class Destinations {
  readonly #directory: Directory;
  readonly #byName = new Map<string, Destination>();
  readonly #labels = new Map<Destination, Labels>();
  readonly #views = new Slot<ServiceView>("place");
  readonly #watched = new Map<ServiceView, Destination[]>();
  readonly #onGone: (endpoint: Endpoint) => void;
  readonly #outside: ReturnType<typeof AsyncLocalStorage.snapshot> = AsyncLocalStorage.snapshot();

  constructor(directory: Directory, onGone: (endpoint: Endpoint) => void) {
    this.#directory = directory;
    this.#onGone = onGone;
  }

  /**
   * The destination of this name: the same one each time, with the labels given last. Names come from callers, and there is no end to
   * what they can think of: beyond ten thousand, a destination is not kept.
   */
  of(service: string, subset?: string, labels: Labels = {}): Destination {
    const name = subset === undefined ? service : `${service}|${subset}`;
    let destination = this.#byName.get(name);
    if (destination === undefined) {
      destination = new Destination(service, subset);
      if (this.#byName.size >= mostKept) return destination;
      this.#byName.set(name, destination);
    }
    this.#labels.set(destination, labels);
    const view = this.#views.get(destination);
    if (view !== undefined) this.#take(destination, view);
    return destination;
  }

  all(): readonly Destination[] {
    return [...this.#byName.values()];
  }

  /** Holds a call until the first word about its destination has come. Stands behind `route`. */
  discover(): Policy<RoutedCall> {
    return {
      name: "discover",
      admit: (call): Refusal | Wait | undefined => {
        const { destination } = call;
        const view = this.#views.get(destination) ?? this.#watch(destination);
        if (view === undefined) return this.#unknown(destination);
        if (view.state === "known" || view.state === "stale") return undefined;
        if (view.state === "unknown") return this.#unknown(destination);
        return {
          type: "wait",
          begin: (resume) =>
            view.whenReady(() => resume(view.state === "unknown" ? this.#unknown(destination) : undefined)),
        };
      },
    };
  }

  /** Starts watching, unless discovery knows that there is no such service: a watch of every wrong name would never end. */
  #watch(destination: Destination): ServiceView | undefined {
    const { service } = destination;
    if (this.#directory.isKnown(service) === false) return undefined;
    // A watch outlives the request it was first needed for: it must not keep it, nor show up in its trace.
    const view = this.#outside(() => this.#directory.view(service));
    this.#views.set(destination, view);
    const together = this.#watched.get(view);
    if (together === undefined) this.#follow(view, [destination]);
    else if (this.#byName.get(destination.name) === destination) together.push(destination);
    this.#take(destination, view);
    return view;
  }

  #follow(view: ServiceView, destinations: Destination[]): void {
    this.#watched.set(view, destinations);
    let before = view.snapshot.endpoints;
    view.subscribe(() => {
      for (const destination of destinations) this.#take(destination, view);
      const now = new Set(view.snapshot.endpoints);
      for (const endpoint of before) if (!now.has(endpoint)) this.#onGone(endpoint);
      before = view.snapshot.endpoints;
    });
  }

  #take(destination: Destination, view: ServiceView): void {
    const { subset } = destination;
    destination.snapshot =
      subset === undefined ? view.snapshot : select(view.snapshot, this.#labels.get(destination) ?? {});
  }

  #unknown(destination: Destination): Refusal {
    const { service } = destination;
    return refuse(
      "ENMESH_UNKNOWN_DESTINATION",
      () => {
        const names = this.#directory.names();
        const known =
          names.length === 0
            ? "it knows no service at all"
            : `it knows ${names.slice(0, 10).join(", ")}${names.length > 10 ? ", …" : ""}`;
        return `"${service}" is not known to ${this.#directory.source}; ${known}`;
      },
      { status: 503 },
    );
  }
}

function select(snapshot: EndpointSnapshot, labels: Labels): EndpointSnapshot {
  const wanted = Object.entries(labels);
  if (snapshot.endpoints.length === 0) return emptySnapshot;
  const endpoints = snapshot.endpoints.filter(({ instance }) =>
    wanted.every(([name, value]) => labelOf(instance, name) === value),
  );
  return Object.freeze({ revision: snapshot.revision, endpoints: Object.freeze(endpoints) });
}

function labelOf(instance: Endpoint["instance"], name: string): string | undefined {
  return instance.labels[name] ?? (name === "version" ? instance.version : undefined);
}
