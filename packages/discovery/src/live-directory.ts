import { MeshError, type Runtime } from "@enmesh/core";

import { atMost } from "./at-most.ts";
import type { Directory, DirectoryOptions, ReadyOptions } from "./directory.ts";
import { KnownNames } from "./known-names.ts";
import { Listeners } from "./listeners.ts";
import { LiveView } from "./live-view.ts";
import type { ServiceView } from "./service-view.ts";
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
  #lastTrouble: MeshError | undefined;
  #isClosed = false;

  constructor({ source, runtime }: DirectoryOptions) {
    this.#source = source;
    this.#runtime = runtime;
    this.#watches.push(source.watchNames(this.#named.bind(this), this.#troubled.bind(this)));
  }

  get source(): string {
    return this.#source.name;
  }

  ready({ timeoutMs = 5_000 }: ReadyOptions = {}): Promise<void> {
    if (this.#isClosed) return Promise.reject(this.#closedError());
    if (this.#names.isKnown) return Promise.resolve();
    return atMost(
      this.#runtime,
      timeoutMs,
      ({ done, failed }) => {
        const stops = [this.#waiting.add(done), this.#closing.add(() => failed(this.#closedError()))];
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
    const view = new LiveView(this.#names.spelling(service), this.#runtime);
    this.#views.set(key, view);
    if (this.#isClosed) return view;
    this.#watches.push(this.#source.watchInstances(view.service, view.answered.bind(view), view.troubled.bind(view)));
    return view;
  }

  views(): readonly ServiceView[] {
    return [...this.#views.values()];
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const watch of this.#watches.splice(0)) watch.stop();
    for (const view of this.#views.values()) view.close();
    this.#waiting.clear();
    this.#closing.tellOnce();
    this.#source.close();
  }

  #named(names: ReadonlySet<string>): void {
    const wasTroubled = this.trouble !== undefined;
    this.trouble = undefined;
    this.#names.learn(names, this.#runtime.clock.now());
    if (wasTroubled) this.#runtime.events.report({ type: "discovery.recovered", source: this.source });
    this.#waiting.tellOnce();
  }

  #troubled(error: MeshError): void {
    const wasTroubled = this.trouble !== undefined;
    this.trouble = error.message;
    this.#lastTrouble = error;
    if (!wasTroubled)
      this.#runtime.events.report({ type: "discovery.stale", source: this.source, reason: error.message });
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
