import {
  emptySnapshot,
  type Endpoint,
  type EndpointSnapshot,
  type Instance,
  type MeshError,
  type Runtime,
  TimerCallback,
} from "@enmesh/core";

import { Doubts, type Probe } from "./doubts.ts";
import { EndpointPool } from "./endpoint-pool.ts";
import { InstanceFilter } from "./instance-filter.ts";
import { isUp, type Known, learn, nothingKnown } from "./last-known.ts";
import { Listeners } from "./listeners.ts";
import { isSameInstance } from "./same-instance.ts";
import type { ServiceView, ViewState } from "./service-view.ts";
import { patienceMs, type RememberedService } from "./snapshot/remembered.ts";

export interface LiveViewOptions {
  readonly service: string;
  readonly runtime: Runtime;
  readonly probe: Probe | undefined;
  /** True when the source's word is final: a list that people write. */
  readonly isAuthoritative: boolean;
  /** What a snapshot tells of this service, until the source does. */
  readonly remembered: RememberedService | undefined;
}

/** Losses within this time count as one. */
const latelyMs = 30_000;

/** A view that its directory keeps fresh: it is told answers and troubles, and decides what they change. */
export class LiveView implements ServiceView {
  readonly service: string;
  state: ViewState = "loading";
  snapshot: EndpointSnapshot = emptySnapshot;
  trouble: string | undefined = undefined;

  readonly #options: LiveViewOptions;
  readonly #filter: InstanceFilter;
  readonly #pool = new EndpointPool();
  readonly #doubts: Doubts;
  readonly #listeners = new Listeners<ServiceView>();
  readonly #waiting = new Listeners<void>();
  readonly #patience = new TimerCallback(() => this.#adopt(`no answer within ${patienceMs} ms`));
  #remembered: RememberedService | undefined;
  #isFromSnapshot = false;
  #known: Known = nothingKnown;
  #losses: readonly { readonly at: number; readonly instance: Instance }[] = [];

  constructor(options: LiveViewOptions) {
    const { service, runtime, probe } = options;
    this.service = service;
    this.#options = options;
    this.#remembered = options.remembered;
    this.#filter = new InstanceFilter(service, runtime.events);
    const endpointOf = (id: string): Endpoint | undefined =>
      this.snapshot.endpoints.find((endpoint) => endpoint.id === id);
    this.#doubts = new Doubts({ runtime, probe, endpointOf, onGone: (ids, because) => this.#gone(ids, because) });
    if (this.#remembered !== undefined) runtime.timers.schedule(this.#patience, patienceMs);
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
    this.#forgetSnapshot();
    const usable = this.#filter.usable(answer);
    const hasLive = usable.some(isUp);
    // A snapshot is never weighed against a live word, unless there is somebody who can look which of the two is right.
    const isFinal =
      this.#options.isAuthoritative || (this.#isFromSnapshot && hasLive && this.#options.probe === undefined);
    if (hasLive) this.#isFromSnapshot = false;
    const before = this.#known;
    const evidence = { isHeld: this.#doubts.isHeld, lostLately: this.#lostLately() };
    this.#known = isFinal ? { instances: usable, remembered: [], lost: [] } : learn(before, usable, evidence);
    this.#noteLosses();
    this.trouble = undefined;
    this.#settle(before, hasLive);
  }

  /** The source cannot ask. What was known stays. */
  troubled(error: MeshError): void {
    this.trouble = error.message;
    if (this.state === "loading" && this.#remembered !== undefined) return this.#adopt(error.message);
    this.#become(this.state === "known" ? "stale" : this.state, false, error.message);
  }

  /** Nobody hears of this view any more. */
  close(): void {
    this.#forgetSnapshot();
    this.#doubts.close();
    this.#listeners.clear();
    this.#waiting.clear();
  }

  /** Nobody can be asked: what was written down at an earlier time counts until somebody can. */
  #adopt(reason: string): void {
    const remembered = this.#remembered;
    this.#forgetSnapshot();
    if (remembered === undefined || this.state !== "loading") return;
    const instances = this.#filter.usable(remembered.instances);
    this.#known = { instances, remembered: instances, lost: [] };
    this.#isFromSnapshot = true;
    this.trouble = `${reason}; its instances are those of a snapshot, ${remembered.age()} old`;
    this.#become("stale", this.#publish([]), this.trouble);
  }

  #forgetSnapshot(): void {
    this.#remembered = undefined;
    this.#options.runtime.timers.cancel(this.#patience);
  }

  #lostLately(): readonly Instance[] {
    const from = this.#options.runtime.clock.now() - latelyMs;
    this.#losses = this.#losses.filter(({ at }) => at >= from);
    return this.#losses.map(({ instance }) => instance);
  }

  #noteLosses(): void {
    const { instances, lost } = this.#known;
    const at = this.#options.runtime.clock.now();
    const present = new Set(instances.map(({ id }) => id));
    this.#losses = [...this.#losses, ...lost.map((instance) => ({ at, instance }))].filter(
      ({ instance: { id } }) => !present.has(id),
    );
  }

  #settle(before: Known, hasLive: boolean): void {
    const { instances, remembered } = this.#known;
    const isChanged = this.#publish(before.instances);
    const doubted = this.#doubts.hold(remembered, hasLive);
    const { service } = this;
    if (doubted > 0) {
      const [kept, total] = [remembered.length, instances.length];
      this.#options.runtime.events.report({ type: "discovery.shrink_doubted", service, kept, total });
    }
    const wasThere = this.state === "known" || this.state === "stale";
    this.#become(
      remembered.length > 0 ? "stale" : instances.length > 0 || wasThere ? "known" : "unknown",
      isChanged,
      hasLive
        ? `the registry leaves out ${remembered.length} of ${instances.length} instances at once`
        : "the registry answers with no instance",
    );
  }

  #gone(ids: readonly string[], because: "probe" | "time"): void {
    const gone = new Set(ids);
    const stays = ({ id }: Instance): boolean => !gone.has(id);
    const before = this.#known;
    const remembered = before.remembered.filter(stays);
    this.#known = { instances: before.instances.filter(stays), remembered, lost: [] };
    this.#options.runtime.events.report({
      type: "discovery.shrink_believed",
      service: this.service,
      ids: [...ids],
      because,
    });
    const isChanged = this.#publish(before.instances);
    const isBack = this.state === "stale" && remembered.length === 0 && this.trouble === undefined;
    this.#become(isBack ? "known" : this.state, isChanged, "");
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
    const total = endpoints.length;
    this.#options.runtime.events.report({ type: "discovery.changed", service, added, removed, total });
    return true;
  }

  #become(state: ViewState, isChanged: boolean, reason: string): void {
    const was = this.state;
    this.state = state;
    if (state !== was) {
      const { service } = this;
      const { events } = this.#options.runtime;
      const total = this.snapshot.endpoints.length;
      if (state === "stale") events.report({ type: "discovery.stale", service, reason, total });
      if (was === "stale") events.report({ type: "discovery.recovered", service, total });
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
