import type { KvEntry } from "../model/kv-entry.ts";

/** Entries as a Go `[]structs.DirEntry`. By hand, for `Flags` is larger than a JavaScript number. */
export function renderEntries(entries: readonly KvEntry[]): string {
  return `[${entries.map((entry) => renderEntry(entry)).join(",")}]`;
}

/** One entry; without its value where only its place is asked. */
export function renderEntry(
  { key, value, flags, lockIndex = 0, session, createIndex, modifyIndex }: KvEntry,
  showsValue = true,
): string {
  const encoded = value.length === 0 || !showsValue ? "null" : `"${value.toString("base64")}"`;
  const holder = session === undefined ? "" : `"Session":${JSON.stringify(session)},`;
  return `{"LockIndex":${lockIndex},"Key":${JSON.stringify(key)},"Flags":${flags},"Value":${encoded},${holder}"CreateIndex":${createIndex},"ModifyIndex":${modifyIndex}}`;
}

/** Keys in order, each cut after the first separator that follows the prefix, and each only once. */
export function foldKeys(keys: readonly string[], prefix: string, separator: string): string[] {
  if (separator === "") return [...keys];
  const folded: string[] = [];
  for (const key of keys) {
    const at = key.indexOf(separator, prefix.length);
    const shown = at === -1 ? key : key.slice(0, at + separator.length);
    if (folded.at(-1) !== shown) folded.push(shown);
  }
  return folded;
}
