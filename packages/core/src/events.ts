/** What a policy reports. Types are `subject.verb` in lower case; the fields are plain values. */
export interface MeshEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** Receives every event. It must not throw; what it throws is dropped, so that an observer never harms a call. */
export type EventListener = (event: MeshEvent) => void;

/**
 * The one channel on which policies report and observers (logs, metrics, traces, dashboard) listen. Ask `isHeard`
 * before building an event on the path of a call.
 */
export class EventChannel {
  #listeners: readonly EventListener[] = [];

  get isHeard(): boolean {
    return this.#listeners.length > 0;
  }

  /** Starts listening; the returned function stops it. */
  listen(listener: EventListener): () => void {
    this.#listeners = [...this.#listeners, listener];
    let listens = true;
    return () => {
      // Somebody else may listen with the same function: only one of the two leaves.
      if (listens) this.#listeners = this.#listeners.toSpliced(this.#listeners.indexOf(listener), 1);
      listens = false;
    };
  }

  report(event: MeshEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch {
        // An observer that fails must not fail the call it observes.
      }
    }
  }
}
