import { MeshError } from "@enmesh/core";

import type { Commit } from "../model/change.ts";
import type { Journal } from "./journal.ts";
import { encodeLine } from "./line.ts";
import type { LogFile } from "./log-file.ts";

export interface FileJournalOptions {
  readonly file: LogFile;
  /** The state as it is now, to begin a shorter log with. */
  readonly snapshot: () => Iterable<Commit>;
  /** A log longer than this, and than four times what it began with, is begun anew. @default 16 MiB */
  readonly compactAboveBytes?: number;
  readonly onCompacted?: (bytes: number) => void;
  readonly onFailed?: (error: Error) => void;
}

/**
 * Writes commits to a file with group commit: what arrives while one sync runs goes into the next, so that many writes
 * share one. A failed write ends it for good: what the disk holds is then unknown, and no later write may be called safe.
 */
export class FileJournal implements Journal {
  readonly #options: FileJournalOptions;
  #pending = "";
  #next: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();
  #failure: MeshError | undefined;
  #compactAbove: number;

  constructor(options: FileJournalOptions) {
    this.#options = options;
    this.#compactAbove = this.#threshold();
  }

  get failure(): MeshError | undefined {
    return this.#failure;
  }

  append(commit: Commit): void {
    if (this.#failure !== undefined) return;
    this.#pending += encodeLine(commit);
    if (this.#next !== undefined) return;
    this.#next = this.#running.then(() => this.#flush());
    this.#running = this.#next;
    // Whoever waits hears of a failure; the others need not.
    this.#next.catch(() => {});
  }

  async committed(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    await (this.#next ?? this.#running);
  }

  async close(): Promise<void> {
    await this.committed().catch(() => {});
    this.#failure ??= new MeshError("ENMESH_CLOSED", "the registry is closed");
    await this.#options.file.close();
  }

  async #flush(): Promise<void> {
    this.#next = undefined;
    const text = this.#pending;
    this.#pending = "";
    const { file, snapshot, onCompacted } = this.#options;
    try {
      if (file.bytes < this.#compactAbove) return await file.extend(text);
      // The snapshot holds what is pending: it is of this very moment, and every commit is applied before it is appended.
      await file.replaceWith(snapshot());
      this.#compactAbove = this.#threshold();
      onCompacted?.(file.bytes);
    } catch (error) {
      throw this.#fail(error as Error);
    }
  }

  #threshold(): number {
    return Math.max(this.#options.compactAboveBytes ?? 16 * 1_048_576, 4 * this.#options.file.bytes);
  }

  #fail(cause: Error): MeshError {
    const message = `the registry cannot write its log (${cause.message}); it serves reads only: mend the disk and restart it`;
    this.#failure = new MeshError("ENMESH_STORE_FAILED", message, { cause });
    this.#pending = "";
    this.#options.onFailed?.(this.#failure);
    return this.#failure;
  }
}
