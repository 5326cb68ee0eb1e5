import { decodeLine } from "./line.ts";
import type { Commit } from "../model/change.ts";

/** What a log holds. */
export interface LogContent {
  readonly commits: readonly Commit[];
  /** Bytes up to the end of the last whole line. */
  readonly goodBytes: number;
  /** What follows it: a line that was being written when the power went, or damage. */
  readonly tornBytes: number;
}

const lineFeed = 0x0a;

/** Reads a log up to the first line that is not whole. */
export function readLog(bytes: Buffer): LogContent {
  const commits: Commit[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf(lineFeed, at);
    const commit = end === -1 ? undefined : decodeLine(bytes.toString("utf8", at, end));
    if (commit === undefined) return { commits, goodBytes: at, tornBytes: bytes.length - at };
    commits.push(commit);
    at = end + 1;
  }
}
