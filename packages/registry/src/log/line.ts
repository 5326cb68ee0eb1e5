import { crc32 } from "node:zlib";

import type { Change, Commit } from "../model/change.ts";

/** Writes a commit as one line: checksum, blank, JSON. */
export function encodeLine(commit: Commit): string {
  const text = JSON.stringify({ index: commit.index, changes: commit.changes.map(toJson) });
  return `${checksum(text)} ${text}\n`;
}

/** Reads a line without its line feed; undefined when it is not whole. */
export function decodeLine(line: string): Commit | undefined {
  const text = line.slice(9);
  if (line[8] !== " " || line.slice(0, 8) !== checksum(text)) return undefined;
  const { index, changes } = JSON.parse(text) as { index: number; changes: JsonChange[] };
  return { index, changes: changes.map(fromJson) };
}

type JsonChange =
  | Exclude<Change, { op: "kv" }>
  | {
      readonly op: "kv";
      readonly entry: {
        readonly key: string;
        readonly value: string;
        readonly flags: string;
        readonly createIndex: number;
        readonly modifyIndex: number;
      };
    };

function toJson(change: Change): JsonChange {
  if (change.op !== "kv") return change;
  return { op: "kv", entry: { ...change.entry, value: change.entry.value.toString("base64") } };
}

function fromJson(change: JsonChange): Change {
  if (change.op !== "kv") return change;
  return { op: "kv", entry: { ...change.entry, value: Buffer.from(change.entry.value, "base64") } };
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}
