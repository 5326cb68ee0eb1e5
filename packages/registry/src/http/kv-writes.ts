import type { Store } from "../state/store.ts";

export interface Put {
  readonly key: string;
  readonly value: Buffer;
  readonly flags: bigint;
  /** Only if the entry is at this index; 0: only if there is none. */
  readonly cas: bigint | undefined;
}

/** Sets a key; false when its index is not the one expected. Setting what is already there changes nothing. */
export function putKey(store: Store, { key, value, flags, cas }: Put): boolean {
  const before = store.keyValues.get(key);
  if (cas !== undefined && cas !== BigInt(before?.modifyIndex ?? 0)) return false;
  const text = String(flags);
  if (before !== undefined && before.flags === text && before.value.equals(value)) return true;
  store.commit((index) => [
    { op: "kv", entry: { key, value, flags: text, createIndex: before?.createIndex ?? index, modifyIndex: index } },
  ]);
  return true;
}

export interface Removal {
  readonly key: string;
  readonly isTree: boolean;
  readonly cas: bigint | undefined;
}

/** Deletes a key, or all keys that begin with it; false when its index is not the one expected. */
export function deleteKeys(store: Store, { key, isTree, cas }: Removal): boolean {
  if (isTree) {
    if (store.keyValues.keysUnder(key).length > 0) store.commit(() => [{ op: "kv-tree-gone", prefix: key }]);
    return true;
  }
  const before = store.keyValues.get(key);
  if (before === undefined) return true;
  if (cas !== undefined && cas !== BigInt(before.modifyIndex)) return false;
  store.commit(() => [{ op: "kv-gone", key }]);
  return true;
}
