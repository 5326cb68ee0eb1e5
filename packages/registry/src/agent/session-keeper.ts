import { randomUUID } from "node:crypto";

import type { Runtime } from "@enmesh/core";

import type { Change, Commit } from "../model/change.ts";
import { catalogKey } from "../model/node.ts";
import { checksOfSession, type Session } from "../model/session.ts";
import type { Store } from "../state/store.ts";
import { Deadlines } from "./deadlines.ts";
import type { LoopWatch } from "./loop-watch.ts";

/** A session as its owner describes it. */
export type SessionDefinition = Omit<Session, "id" | "createIndex" | "modifyIndex">;

export interface SessionKeeperOptions {
  readonly runtime: Runtime;
  readonly store: Store;
  readonly loopWatch: LoopWatch;
  readonly nodeName: string;
}

/**
 * Keeps sessions for as long as they deserve it: until they are not renewed for twice their TTL, or until one of their
 * checks is critical or gone. With a session go its locks; for a while nobody may take those, so that whoever held them
 * can notice.
 */
export class SessionKeeper {
  readonly #options: SessionKeeperOptions;
  readonly #ttls: Deadlines;
  /** The sessions that depend on each check. */
  readonly #byCheck = new Map<string, Set<string>>();
  /** Until when each key may not be locked. */
  readonly #delayedUntil = new Map<string, number>();

  constructor(options: SessionKeeperOptions) {
    this.#options = options;
    const { runtime, loopWatch, store } = options;
    this.#ttls = new Deadlines({ runtime, loopWatch, passed: (id) => this.#end(id, "expired") });
    store.observe((commit) => this.#look(commit));
    for (const session of store.sessions.byId.values()) this.#attend(session);
    // What happened to a check just before a crash may have ended a session that the log still has.
    for (const session of Array.from(store.sessions.byId.values())) {
      if (this.problemOf(session) !== undefined) this.#end(session.id, "invalidated");
    }
  }

  /** Why such a session cannot be, in Consul's words. */
  problemOf(session: Pick<Session, "node" | "nodeChecks" | "serviceChecks">): string | undefined {
    const { store, nodeName } = this.#options;
    const { node } = session;
    if (node !== nodeName && !store.catalog.nodes.has(node)) return "Missing node registration";
    for (const id of checksOfSession(session)) {
      if (node === nodeName && id === "serfHealth") continue;
      const check = store.catalog.checks.get(this.#checkKey(node, id));
      if (check === undefined) return `Missing check '${id}' registration`;
      if (check.status === "critical") return `Check '${id}' is in critical state`;
    }
    return undefined;
  }

  create(definition: SessionDefinition): Session {
    const { store } = this.#options;
    const index = store.index + 1;
    const session = { ...definition, id: randomUUID(), createIndex: index, modifyIndex: index };
    store.commit(() => [{ op: "session", session }]);
    this.#attend(session);
    return session;
  }

  /** The session, with its full time ahead of it; undefined when there is none. */
  renew(id: string): Session | undefined {
    const session = this.#options.store.sessions.byId.get(id);
    if (session !== undefined) this.#expect(session);
    return session;
  }

  destroy(id: string): void {
    this.#end(id, "destroyed");
  }

  /** True while a key may not be locked, because its lock was lost a moment ago. */
  isDelayed(key: string): boolean {
    const until = this.#delayedUntil.get(key);
    if (until === undefined) return false;
    if (until > this.#options.runtime.clock.now()) return true;
    this.#delayedUntil.delete(key);
    return false;
  }

  stop(): void {
    this.#ttls.clearAll();
  }

  #attend(session: Session): void {
    for (const id of checksOfSession(session)) {
      const key = this.#checkKey(session.node, id);
      const dependent = this.#byCheck.get(key);
      if (dependent === undefined) this.#byCheck.set(key, new Set([session.id]));
      else dependent.add(session.id);
    }
    this.#expect(session);
  }

  /** Twice the TTL, as Consul does it: a renewal may be late, and a lock is never lost too soon. */
  #expect({ id, ttlMs }: Session): void {
    if (ttlMs > 0) this.#ttls.set(id, 2 * ttlMs);
  }

  #look({ changes }: Commit): void {
    if (this.#options.store.sessions.byId.size === 0) return;
    const suspects = changes.flatMap((change) => this.#dependentOn(change));
    const { byId } = this.#options.store.sessions;
    for (const id of new Set(suspects)) {
      const session = byId.get(id);
      if (session !== undefined && this.problemOf(session) !== undefined) this.#end(id, "invalidated");
    }
  }

  #dependentOn(change: Change): string[] {
    if (change.op === "status" || change.op === "check-gone") return [...(this.#byCheck.get(change.id) ?? [])];
    if (change.op === "check") {
      return [...(this.#byCheck.get(catalogKey(change.check.node, change.check.id)) ?? [])];
    }
    const { catalog, sessions } = this.#options.store;
    if (change.op === "service-gone") {
      const gone = [...this.#byCheck].filter(([key]) => key !== "serfHealth" && !catalog.checks.has(key));
      return gone.flatMap(([, dependent]) => [...dependent]);
    }
    if (change.op === "node-gone") {
      return [...sessions.byId.values()].filter(({ node }) => node === change.name).map(({ id }) => id);
    }
    return [];
  }

  #end(id: string, why: "expired" | "invalidated" | "destroyed"): void {
    const { store, runtime } = this.#options;
    const session = store.sessions.byId.get(id);
    if (session === undefined) return;
    this.#forget(session);
    const held = store.keyValues.heldBy(id);
    this.#delay(
      held.map(({ key }) => key),
      session.lockDelayMs,
    );
    store.commit((index) => [
      ...held.map((entry): Change => {
        if (session.behavior === "delete") return { op: "kv-gone", key: entry.key };
        const { session: _session, ...free } = entry;
        return { op: "kv", entry: { ...free, modifyIndex: index } };
      }),
      { op: "session-gone", id },
    ]);
    runtime.events.report({ type: "session.ended", id, name: session.name, why, locks: held.length });
  }

  #forget(session: Session): void {
    this.#ttls.clear(session.id);
    for (const id of checksOfSession(session)) {
      const key = this.#checkKey(session.node, id);
      const dependent = this.#byCheck.get(key);
      dependent?.delete(session.id);
      if (dependent?.size === 0) this.#byCheck.delete(key);
    }
  }

  #delay(keys: readonly string[], lockDelayMs: number): void {
    if (lockDelayMs <= 0 || keys.length === 0) return;
    const now = this.#options.runtime.clock.now();
    for (const [key, until] of this.#delayedUntil) if (until <= now) this.#delayedUntil.delete(key);
    for (const key of keys) this.#delayedUntil.set(key, now + lockDelayMs);
  }

  #checkKey(node: string, id: string): string {
    return catalogKey(node === this.#options.nodeName ? undefined : node, id);
  }
}
