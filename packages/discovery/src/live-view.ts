import {
  emptySnapshot,
  type Endpoint,
  type EndpointSnapshot,
  type Instance,
  type MeshError,
  type Runtime,
} from "@enmesh/core";

import { EndpointPool } from "./endpoint-pool.ts";
import { InstanceFilter } from "./instance-filter.ts";
import { isUp, type Known, learn, nothingKnown } from "./last-known.ts";
import { Listeners } from "./listeners.ts";
import type { ServiceView, ViewState } from "./service-view.ts";
import { isSameInstance } from "./same-instance.ts";

/** A view that its directory keeps fresh: it is told answers and troubles, and decides what they change. */
export class LiveView implements ServiceView {
  readonly service: string;
  state: ViewState = "loading";
  snapshot: EndpointSnapshot = emptySnapshot;
  trouble: string | undefined = undefined;

  readonly #runtime: Runtime;
  readonly #filter: InstanceFilter;
  readonly #pool = new EndpointPool();
  readonly #listeners = new Listeners<ServiceView>();
  readonly #waiting = new Listeners<void>();
  #known: Known = nothingKnown;

  constructor(service: string, runtime: Runtime) {
    this.service = service;
    this.#runtime = runtime;
    this.#filter = new InstanceFilter(service, runtime.events);
  }

  get instances(): readonly Instance[] {
    return this.#known.instances;
  }

  whenReady(callback: () => void): () => void {
    const cancel = this.#waiting.add(callback);
    if (this.state !== "loading") this.#waiting.tellOnce();
    return cancel;
  }

  subscribe(listener: (view: ServiceView) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** The source says which instances there are. */
  answered(answer: readonly Instance[]): void {
    const before = this.#known.instances;
    this.#known = learn(this.#known, this.#filter.usable(answer));
    const isChanged = this.#publish(before);
    this.trouble = undefined;
    const { instances, isRemembered } = this.#known;
    const wasThere = this.state === "known" || this.state === "stale";
    this.#become(
      isRemembered ? "stale" : instances.length > 0 || wasThere ? "known" : "unknown",
      isChanged,
      "the registry answers with no instance",
    );
  }

  /** The source cannot ask. What was known stays. */
  troubled(error: MeshError): void {
    this.trouble = error.message;
    this.#become(this.state === "known" ? "stale" : this.state, false, error.message);
  }

  /** Nobody hears of this view any more. */
  close(): void {
    this.#listeners.clear();
    this.#waiting.clear();
  }

  #publish(before: readonly Instance[]): boolean {
    const now = this.#known.instances;
    if (isSameList(before, now)) return false;
    const up = now.filter(isUp);
    if (isSameList(before.filter(isUp), up)) return true;

    const old = this.snapshot;
    const endpoints = Object.freeze(this.#pool.of(up));
    this.snapshot = Object.freeze({ revision: old.revision + 1, endpoints });
    const [added, removed] = [idsMissing(endpoints, old.endpoints), idsMissing(old.endpoints, endpoints)];
    const { service } = this;
    this.#runtime.events.report({ type: "discovery.changed", service, added, removed, total: endpoints.length });
    return true;
  }

  #become(state: ViewState, isChanged: boolean, reason: string): void {
    const was = this.state;
    this.state = state;
    if (state !== was) {
      const { service } = this;
      const total = this.snapshot.endpoints.length;
      if (state === "stale") this.#runtime.events.report({ type: "discovery.stale", service, reason, total });
      if (was === "stale") this.#runtime.events.report({ type: "discovery.recovered", service, total });
    }
    if (state !== was || isChanged) this.#listeners.tell(this);
    if (state !== "loading") this.#waiting.tellOnce();
  }
}

function isSameList(one: readonly Instance[], other: readonly Instance[]): boolean {
  return (
    one.length === other.length && one.every((instance, index) => isSameInstance(instance, other[index] as Instance))
  );
}

/** The ids of those in `some` that are not in `others`. */
function idsMissing(some: readonly Endpoint[], others: readonly Endpoint[]): string[] {
  const known = new Set(others);
  return some.filter((endpoint) => !known.has(endpoint)).map(({ id }) => id);
}
