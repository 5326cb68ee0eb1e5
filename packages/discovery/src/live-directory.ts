import { MeshError, type Runtime, TimerCallback } from "@enmesh/core";

import { atMost } from "./at-most.ts";
import type { Directory, DirectoryOptions, ReadyOptions } from "./directory.ts";
import { KnownNames } from "./known-names.ts";
import type { Probe } from "./doubts.ts";
import { Listeners } from "./listeners.ts";
import { LiveView } from "./live-view.ts";
import type { ServiceView } from "./service-view.ts";
import { patienceMs } from "./snapshot/remembered.ts";
import { SnapshotKeeper } from "./snapshot/snapshot-keeper.ts";
import type { DiscoverySource, Watch } from "./source.ts";

/** The directory at work: it holds the watches, hands what they tell to names and views, and knows who waits for the first answer. */
export class LiveDirectory implements Directory {
  trouble: string | undefined = undefined;
  readonly #source: DiscoverySource;
  readonly #runtime: Runtime;
  readonly #names = new KnownNames();
  readonly #views = new Map<string, LiveView>();
  readonly #watches: Watch[] = [];
  readonly #waiting = new Listeners<void>();
  readonly #closing = new Listeners<void>();
  readonly #probe: Probe | undefined;
  readonly #keeper: SnapshotKeeper | undefined;
  readonly #patience = new TimerCallback(() => this.#adoptNames());
  #lastTrouble: MeshError | undefined;
  #isClosed = false;

  constructor({ source, runtime, probe, snapshot }: DirectoryOptions) {
    this.#source = source;
    this.#runtime = runtime;
    this.#probe = probe;
    this.#keeper = snapshot && new SnapshotKeeper(snapshot, source.name, runtime);
    if (this.#keeper !== undefined) runtime.timers.schedule(this.#patience, patienceMs);
    this.#watches.push(source.watchNames(this.#named.bind(this), this.#troubled.bind(this)));
  }

  get source(): string {
    return this.#source.name;
  }

  ready({ timeoutMs = 5_000, signal }: ReadyOptions = {}): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(abortedError(signal));
    if (this.#isClosed) return Promise.reject(this.#closedError());
    if (this.#names.isKnown) return Promise.resolve();
    return atMost(
      this.#runtime,
      timeoutMs,
      ({ done, failed }) => {
        const abort = (): void => failed(abortedError(signal));
        signal?.addEventListener("abort", abort, { once: true });
        const stops = [
          this.#waiting.add(done),
          this.#closing.add(() => failed(this.#closedError())),
          () => signal?.removeEventListener("abort", abort),
        ];
        return () => stops.forEach((stop) => stop());
      },
      ({ failed }) => failed(this.#lateError(timeoutMs)),
    );
  }

  whenReady(callback: () => void): () => void {
    const cancel = this.#waiting.add(callback);
    if (this.#names.isKnown) this.#waiting.tellOnce();
    return cancel;
  }

  names(): readonly string[] {
    return this.#names.list(this.#runtime.clock.now());
  }

  isKnown(service: string): boolean | undefined {
    if (this.#names.has(service, this.#runtime.clock.now())) return true;
    // A registry that forgot a service does not make us forget its instances.
    if ((this.#views.get(service.toLowerCase())?.instances.length ?? 0) > 0) return true;
    return this.#names.isKnown ? false : undefined;
  }

  view(service: string): ServiceView {
    const key = service.toLowerCase();
    const kept = this.#views.get(key);
    if (kept !== undefined) return kept;
    const view = new LiveView({
      service: this.#names.spelling(service),
      runtime: this.#runtime,
      probe: this.#probe,
      isAuthoritative: this.#source.isAuthoritative ?? false,
      remembered: this.#isClosed ? undefined : this.#keeper?.of(service),
    });
    this.#views.set(key, view);
    if (this.#isClosed) return view;
    this.#keep(view);
    this.#watches.push(this.#source.watchInstances(view.service, view.answered.bind(view), view.troubled.bind(view)));
    return view;
  }

  views(): readonly ServiceView[] {
    return [...this.#views.values()];
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#runtime.timers.cancel(this.#patience);
    this.#keeper?.close();
    for (const watch of this.#watches.splice(0)) watch.stop();
    for (const view of this.#views.values()) view.close();
    this.#waiting.clear();
    this.#closing.tellOnce();
    this.#source.close();
  }

  /** What the source itself tells is written down; what is only remembered already is. */
  #keep(view: LiveView): void {
    const keeper = this.#keeper;
    if (keeper === undefined) return;
    this.#watches.push({
      stop: view.subscribe(({ state, service, instances }) => {
        if (state === "known" && instances.length > 0) keeper.told(service, instances);
      }),
    });
  }

  /** Nobody answers: the names that were written down count until somebody does. */
  #adoptNames(): void {
    this.#runtime.timers.cancel(this.#patience);
    const names = this.#keeper?.names ?? [];
    if (names.length === 0 || this.#names.isKnown) return;
    this.#names.learn(new Set(names), this.#runtime.clock.now());
    this.#waiting.tellOnce();
  }

  #named(names: ReadonlySet<string>): void {
    this.#runtime.timers.cancel(this.#patience);
    const wasTroubled = this.trouble !== undefined;
    this.trouble = undefined;
    this.#names.learn(names, this.#runtime.clock.now());
    if (names.size > 0) this.#keeper?.named(this.names());
    if (wasTroubled) this.#runtime.events.report({ type: "discovery.recovered", source: this.source });
    this.#waiting.tellOnce();
  }

  #troubled(error: MeshError): void {
    const wasTroubled = this.trouble !== undefined;
    this.trouble = error.message;
    this.#lastTrouble = error;
    if (!wasTroubled)
      this.#runtime.events.report({ type: "discovery.stale", source: this.source, reason: error.message });
    this.#adoptNames();
  }

  #lateError(timeoutMs: number): MeshError {
    if (this.trouble !== undefined && this.#lastTrouble !== undefined) return this.#lastTrouble;
    return new MeshError(
      "ENMESH_REGISTRY_UNREACHABLE",
      `${this.source} has not answered within ${timeoutMs} ms; check that it runs and is not overloaded`,
    );
  }

  #closedError(): MeshError {
    return new MeshError("ENMESH_CLOSED", `the directory of ${this.source} is closed`);
  }
}

function abortedError(signal: AbortSignal | undefined): MeshError {
  return new MeshError("ENMESH_CANCELLED", "waiting for the directory was given up", { cause: signal?.reason });
}
