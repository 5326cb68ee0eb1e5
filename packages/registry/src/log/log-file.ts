import { open, rename, rm, type FileHandle } from "node:fs/promises";
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
    // Gathered before the first await, for the state must not move under the snapshot. What is gathered never changes, so
    // that turning it into text, which is the work, may take its time and let others have theirs.
    const gathered = [...commits];
    const path = `${this.#path}.new`;
    const handle = await open(path, "w", 0o600);
    let bytes = 0;
    try {
      for (const chunk of chunks(gathered)) {
        await writeAll(handle, chunk);
        bytes += chunk.length;
      }
      await handle.sync();
      await rename(path, this.#path);
      await syncDirectory(dirname(this.#path));
    } catch (error) {
      await handle.close();
      // Half a snapshot takes room on a disk that may have none left.
      await rm(path, { force: true });
      throw error;
    }
    const old = this.#handle;
    this.#handle = handle;
    this.#bytes = bytes;
    await old?.close();
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }
}

const chunkLength = 262_144;

/** Some milliseconds of work each: between two of them the event loop is free. */
function* chunks(commits: readonly Commit[]): Generator<Buffer> {
  let text = "";
  for (const commit of commits) {
    text += encodeLine(commit);
    if (text.length < chunkLength) continue;
    yield Buffer.from(text);
    text = "";
  }
  if (text !== "") yield Buffer.from(text);
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
