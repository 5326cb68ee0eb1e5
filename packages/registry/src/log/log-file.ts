import { open, rename, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { Commit } from "../model/change.ts";
import { encodeLine } from "./line.ts";

/** The file that the log is written to: only ever extended, or replaced as a whole. */
export class LogFile {
  readonly #path: string;
  #handle: FileHandle | undefined;
  #bytes = 0;

  constructor(path: string) {
    this.#path = path;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds text and resolves when it is on disk. */
  async extend(text: string): Promise<void> {
    const handle = this.#handle as FileHandle;
    const bytes = Buffer.from(text);
    await writeAll(handle, bytes);
    await handle.datasync();
    this.#bytes += bytes.length;
  }

  /** Puts a new log in the place of the old one. At every moment, one of the two is there, whole. */
  async replaceWith(commits: Iterable<Commit>): Promise<void> {
    // All of it before the first await: the state must not move under the snapshot.
    const made = chunks(commits);
    const path = `${this.#path}.new`;
    const handle = await open(path, "w", 0o600);
    try {
      let bytes = 0;
      for (const chunk of made) {
        await writeAll(handle, chunk);
        bytes += chunk.length;
      }
      await handle.sync();
      await rename(path, this.#path);
      await syncDirectory(dirname(this.#path));
      await this.#handle?.close();
      this.#handle = handle;
      this.#bytes = bytes;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }
}

function chunks(commits: Iterable<Commit>): Buffer[] {
  const made: Buffer[] = [];
  let lines: string[] = [];
  for (const commit of commits) {
    lines.push(encodeLine(commit));
    if (lines.length < 1_000) continue;
    made.push(Buffer.from(lines.join("")));
    lines = [];
  }
  return [...made, Buffer.from(lines.join(""))];
}

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at)).bytesWritten;
}

async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open a folder; there a rename is as safe as it gets.
  if (process.platform === "win32") return;
  const handle = await open(join(path), "r");
  await handle.sync().finally(() => handle.close());
}
