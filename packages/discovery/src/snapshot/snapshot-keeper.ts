import { formatDuration, type Runtime, TimerCallback } from "@enmesh/core";

import type { RememberedService } from "./remembered.ts";
import type { SnapshotStore } from "./snapshot-file.ts";
import { readStored, type Stored, type StoredService, writeStored } from "./stored.ts";

/** Many changes in a row become one write. */
const quietMs = 1_000;

/** Writes down what a directory knows, and tells what was written down before. Trouble with it is reported and harms nothing. */
export class SnapshotKeeper {
  readonly names: readonly string[];
  readonly #store: SnapshotStore;
  readonly #runtime: Runtime;
  readonly #source: string;
  readonly #services = new Map<string, StoredService>();
  readonly #loaded: ReadonlyMap<string, StoredService>;
  readonly #timer = new TimerCallback(() => void this.#write());
  #currentNames: readonly string[];
  #isDirty = false;
  #isWriting = false;
  #isClosed = false;

  constructor(store: SnapshotStore, source: string, runtime: Runtime) {
    this.#store = store;
    this.#source = source;
    this.#runtime = runtime;
    const { names, services } = this.#load();
    this.names = names;
    this.#currentNames = names;
    for (const stored of services) this.#services.set(stored.service.toLowerCase(), stored);
    this.#loaded = new Map(this.#services);
  }

  /** What the snapshot tells of a service. */
  of(service: string): RememberedService | undefined {
    const stored = this.#loaded.get(service.toLowerCase());
    if (stored === undefined || stored.instances.length === 0) return undefined;
    return { instances: stored.instances, age: () => formatDuration(this.#ageOf(stored)) };
  }

  /** The source has told these names. A service that it names no more is not remembered either. */
  named(names: readonly string[]): void {
    const known = new Set(names.map((name) => name.toLowerCase()));
    for (const service of this.#services.keys()) if (!known.has(service)) this.#services.delete(service);
    this.#currentNames = names;
    this.#changed();
  }

  /** The source has told these instances. */
  told(service: string, instances: StoredService["instances"]): void {
    this.#services.set(service.toLowerCase(), { service, at: this.#runtime.clock.wall(), instances });
    this.#changed();
  }

  /** Writes what is not written yet, at once. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#runtime.timers.cancel(this.#timer);
    if (!this.#isDirty) return;
    try {
      this.#store.saveNow(this.#text());
    } catch (error) {
      this.#failed(error);
    }
  }

  #load(): Pick<Stored, "names" | "services"> {
    try {
      const text = this.#store.load();
      if (text === undefined) return { names: [], services: [] };
      const stored = readStored(text);
      if (typeof stored === "string") throw new Error(stored);
      if (stored.source !== this.#source)
        throw new Error(`it was told by ${stored.source}, and this is ${this.#source}`);
      const ageMs = Math.max(0, ...stored.services.map((service) => this.#ageOf(service)));
      const [path, services] = [this.#store.name, stored.services.length];
      this.#runtime.events.report({ type: "discovery.snapshot_loaded", path, services, ageMs });
      return stored;
    } catch (error) {
      this.#runtime.events.report({
        type: "discovery.snapshot_unusable",
        path: this.#store.name,
        reason: (error as Error).message,
      });
      return { names: [], services: [] };
    }
  }

  #ageOf({ at }: StoredService): number {
    return Math.max(0, this.#runtime.clock.wall() - at);
  }

  #changed(): void {
    if (this.#isClosed) return;
    if (!this.#isDirty && !this.#isWriting) this.#runtime.timers.schedule(this.#timer, quietMs);
    this.#isDirty = true;
  }

  async #write(): Promise<void> {
    this.#isDirty = false;
    this.#isWriting = true;
    try {
      await this.#store.save(this.#text());
    } catch (error) {
      this.#failed(error);
    }
    this.#isWriting = false;
    if (this.#isDirty && !this.#isClosed) this.#runtime.timers.schedule(this.#timer, quietMs);
  }

  #text(): string {
    const services = [...this.#services.values()];
    return writeStored({ source: this.#source, names: this.#currentNames, services }, this.#store.maxBytes);
  }

  #failed(error: unknown): void {
    const reason = (error as Error).message;
    this.#runtime.events.report({ type: "discovery.snapshot_failed", path: this.#store.name, reason });
  }
}
