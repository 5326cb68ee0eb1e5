import type { KvEntry } from "../model/kv-entry.ts";
import type { KvDraft } from "../state/kv-draft.ts";

/** What a client wants a key to be. */
export interface Put {
  readonly key: string;
  readonly value: Buffer;
  readonly flags: bigint;
}

/** Sets a key, whoever holds its lock. It stays locked, and its locks are counted anew, as Consul does. */
export function putKey(draft: KvDraft, put: Put): KvEntry {
  const session = draft.get(put.key)?.session;
  return draft.put({ ...plain(put), ...(session === undefined ? {} : { session }) });
}

/** True when the entry is at this index; 0: when there is none. */
export function isAt(entry: KvEntry | undefined, index: bigint): boolean {
  return index === BigInt(entry?.modifyIndex ?? 0);
}

/** Takes the lock of a key for a session, or takes it once more. Undefined when another session holds it. */
export function lockKey(draft: KvDraft, put: Put, session: string): KvEntry | undefined {
  const before = draft.get(put.key);
  if (before?.session !== undefined && before.session !== session) return undefined;
  const lockIndex = (before?.lockIndex ?? 0) + (before?.session === session ? 0 : 1);
  return draft.put({ ...plain(put), lockIndex, session });
}

/** Gives the lock back. Undefined when the session does not hold it. */
export function unlockKey(draft: KvDraft, put: Put, session: string): KvEntry | undefined {
  const before = draft.get(put.key);
  if (before?.session === undefined || before.session !== session) return undefined;
  return draft.put({ ...plain(put), lockIndex: before.lockIndex ?? 0 });
}

function plain({ key, value, flags }: Put): Pick<KvEntry, "key" | "value" | "flags"> {
  return { key, value, flags: String(flags) };
}
