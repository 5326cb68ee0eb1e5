import type { KvEntry } from "../model/kv-entry.ts";

/** Entries as a Go `[]structs.DirEntry`. By hand, for `Flags` is larger than a JavaScript number. */
export function renderEntries(entries: readonly KvEntry[]): string {
  return `[${entries.map(renderEntry).join(",")}]`;
}

function renderEntry({ key, value, flags, createIndex, modifyIndex }: KvEntry): string {
  const encoded = value.length === 0 ? "null" : `"${value.toString("base64")}"`;
  return `{"LockIndex":0,"Key":${JSON.stringify(key)},"Flags":${flags},"Value":${encoded},"CreateIndex":${createIndex},"ModifyIndex":${modifyIndex}}`;
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
