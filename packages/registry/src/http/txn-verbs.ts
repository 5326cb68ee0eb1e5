import type { KvEntry } from "../model/kv-entry.ts";
import type { KvDraft } from "../state/kv-draft.ts";
import { isAt, lockKey, putKey, unlockKey } from "./kv-writes.ts";
import { idProblem } from "./session-id.ts";

/** One operation of a transaction. */
export interface KvOperation {
  readonly Verb: string;
  readonly Key: string;
  readonly Value: Buffer;
  readonly Flags: bigint;
  readonly Index: bigint;
  readonly Session: string;
}

/** What an operation shows. */
export interface Shown {
  readonly entries: readonly KvEntry[];
  readonly showsValues: boolean;
}

export interface Locks {
  readonly hasSession: (id: string) => boolean;
  readonly isDelayed: (key: string) => boolean;
}

/** Carries out one operation on the draft. A text says why it cannot be, in Consul's words. */
export function runVerb(draft: KvDraft, operation: KvOperation, locks: Locks): Shown | string {
  const run = Object.hasOwn(verbs, operation.Verb) ? verbs[operation.Verb] : undefined;
  if (run === undefined) return `unknown KV verb ${JSON.stringify(operation.Verb)}`;
  return run(draft, operation, locks);
}

export function isWrite(verb: string): boolean {
  return writes.has(verb);
}

const writes = new Set(["set", "cas", "delete", "delete-tree", "delete-cas", "lock", "unlock"]);
const nothing: Shown = { entries: [], showsValues: false };

const verbs: Readonly<Record<string, (draft: KvDraft, operation: KvOperation, locks: Locks) => Shown | string>> = {
  set: (draft, operation) => placed(putKey(draft, toPut(operation))),
  cas: (draft, operation) =>
    isAt(draft.get(operation.Key), operation.Index)
      ? placed(putKey(draft, toPut(operation)))
      : `failed to set key ${quoted(operation)}, index is stale`,
  delete: (draft, { Key }) => {
    draft.remove(Key);
    return nothing;
  },
  "delete-tree": (draft, { Key }) => {
    draft.removeTree(Key);
    return nothing;
  },
  "delete-cas": (draft, operation) => {
    const before = draft.get(operation.Key);
    if (before !== undefined && !isAt(before, operation.Index))
      return `failed to delete key ${quoted(operation)}, index is stale`;
    draft.remove(operation.Key);
    return nothing;
  },
  lock: (draft, operation, locks) => {
    const { Session: session, Key: key } = operation;
    if (session === "") return "missing session";
    const problem = idProblem(session);
    if (problem !== undefined) return problem;
    if (!locks.hasSession(session)) return `invalid session ${JSON.stringify(session)}`;
    if (locks.isDelayed(key)) return `failed to lock key ${quoted(operation)}, lock is still under its delay`;
    const entry = lockKey(draft, toPut(operation), session);
    return entry === undefined ? `failed to lock key ${quoted(operation)}, lock is already held` : placed(entry);
  },
  unlock: (draft, operation) => {
    if (operation.Session === "") return "missing session";
    const entry = unlockKey(draft, toPut(operation), operation.Session);
    return entry === undefined
      ? `failed to unlock key ${quoted(operation)}, lock isn't held, or is held by another session`
      : placed(entry);
  },
  get: (draft, operation) => {
    const entry = draft.get(operation.Key);
    return entry === undefined ? `key ${quoted(operation)} doesn't exist` : { entries: [entry], showsValues: true };
  },
  "get-or-empty": (draft, { Key: key }) => {
    const empty = { key, value: Buffer.alloc(0), flags: "0", createIndex: 0, modifyIndex: 0 };
    return { entries: [draft.get(key) ?? empty], showsValues: true };
  },
  "get-tree": (draft, { Key }) => ({ entries: draft.under(Key), showsValues: true }),
  "check-index": (draft, operation) => {
    const entry = draft.get(operation.Key);
    if (entry === undefined) return `failed to check index, key ${quoted(operation)} doesn't exist`;
    if (isAt(entry, operation.Index)) return placed(entry);
    return `failed index check for key ${quoted(operation)}, current modify index ${entry.modifyIndex} != ${operation.Index}`;
  },
  "check-session": (draft, operation) => {
    const entry = draft.get(operation.Key);
    if (entry === undefined) return `failed to check session, key ${quoted(operation)} doesn't exist`;
    if ((entry.session ?? "") === operation.Session) return placed(entry);
    return `failed session check for key ${quoted(operation)}, current session ${JSON.stringify(entry.session ?? "")} != ${JSON.stringify(operation.Session)}`;
  },
  "check-not-exists": (draft, operation) =>
    draft.get(operation.Key) === undefined ? nothing : `key ${quoted(operation)} exists`,
};

/** Where it stands now; its value the client knows. */
function placed(entry: KvEntry): Shown {
  return { entries: [entry], showsValues: false };
}

function toPut({ Key: key, Value: value, Flags: flags }: KvOperation) {
  return { key, value, flags };
}

function quoted({ Key }: KvOperation): string {
  return JSON.stringify(Key);
}
