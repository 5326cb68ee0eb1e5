import type { Change } from "../model/change.ts";
import type { Session } from "../model/session.ts";
import type { Touch } from "./catalog.ts";
import { topics } from "./topics.ts";

/** The sessions, and how far their list has moved. It changes only by `apply`. */
export class Sessions {
  readonly #byId = new Map<string, Session>();
  #index = 1;

  get byId(): ReadonlyMap<string, Session> {
    return this.#byId;
  }

  /** Moves with every session that begins or ends. */
  get index(): number {
    return this.#index;
  }

  rebase(index: number): void {
    this.#index = index;
  }

  apply(change: Change, index: number, touch: Touch): void {
    if (change.op === "session") this.#byId.set(change.session.id, change.session);
    else if (change.op !== "session-gone" || !this.#byId.delete(change.id)) return;
    this.#index = index;
    touch(topics.sessions);
  }
}
