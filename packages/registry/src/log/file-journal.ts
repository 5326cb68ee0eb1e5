import { MeshError, TimerNode, type Clock, type Timers } from "@enmesh/core";

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
  /** When to try again after a failure; without it, never. */
  readonly timers?: Timers;
  readonly clock?: Clock;
  readonly onCompacted?: (bytes: number) => void;
  readonly onFailed?: (error: Error) => void;
  /** The log can be written again. */
  readonly onMended?: (bytes: number) => void;
  /** A sync is over: how long the write and the sync took together. */
  readonly onSynced?: (tookMs: number, bytes: number) => void;
}

const retryMs = 2_000;

/**
 * Writes commits to a file with group commit: what arrives while one sync runs goes into the next, so that many writes
 * share one.
 *
 * After a failed write nobody knows what the disk holds of it, so that file is never written again: as soon as the disk
 * takes it, the whole state goes into a new one. Until then nothing is called safe.
 */
export class FileJournal extends TimerNode implements Journal {
  readonly #options: FileJournalOptions;
  #pending = "";
  #next: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();
  #failure: MeshError | undefined;
  #compactAbove: number;
  /** A new file is being written; what happens meanwhile is not in it. */
  #isMending = false;
  #isClosed = false;

  constructor(options: FileJournalOptions) {
    super();
    this.#options = options;
    this.#compactAbove = this.#threshold();
  }

  get failure(): MeshError | undefined {
    return this.#failure;
  }

  append(commit: Commit): void {
    if (this.#isMending) this.#pending += encodeLine(commit);
    if (this.#failure !== undefined) return;
    this.#pending += encodeLine(commit);
    this.#flushSoon();
  }

  get bytes(): number {
    return this.#options.file.bytes;
  }

  #flushSoon(): void {
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
    this.#isClosed = true;
    this.#options.timers?.cancel(this);
    await this.committed().catch(() => {});
    await this.#running.catch(() => {});
    this.#failure ??= new MeshError("ENMESH_CLOSED", "the registry is closed");
    await this.#options.file.close();
  }

  async #flush(): Promise<void> {
    this.#next = undefined;
    const text = this.#pending;
    this.#pending = "";
    const { file, snapshot, onCompacted } = this.#options;
    try {
      if (file.bytes < this.#compactAbove) return await this.#timed(() => file.extend(text));
      // The snapshot holds what is pending: it is of this very moment, and every commit is applied before it is appended.
      await file.replaceWith(snapshot());
      this.#compactAbove = this.#threshold();
      onCompacted?.(file.bytes);
    } catch (error) {
      throw this.#fail(error as Error);
    }
  }

  /** Time to try again. */
  due(): void {
    this.#running = this.#mend();
  }

  async #mend(): Promise<void> {
    const { file, snapshot, onMended } = this.#options;
    this.#isMending = true;
    try {
      await file.replaceWith(snapshot());
    } catch {
      this.#pending = "";
      this.#retrySoon();
      return;
    } finally {
      this.#isMending = false;
    }
    this.#failure = undefined;
    this.#compactAbove = this.#threshold();
    onMended?.(file.bytes);
    if (this.#pending !== "") this.#flushSoon();
  }

  #retrySoon(): void {
    if (!this.#isClosed) this.#options.timers?.schedule(this, retryMs);
  }

  async #timed(write: () => Promise<void>): Promise<void> {
    const { clock, onSynced, file } = this.#options;
    const began = clock?.now() ?? 0;
    await write();
    onSynced?.((clock?.now() ?? 0) - began, file.bytes);
  }

  #threshold(): number {
    return Math.max(this.#options.compactAboveBytes ?? 16 * 1_048_576, 4 * this.#options.file.bytes);
  }

  #fail(cause: Error): MeshError {
    const remedy =
      this.#options.timers === undefined
        ? "mend the disk and restart it"
        : "make room or mend the disk, and it goes on by itself";
    const message = `the registry cannot write its log (${cause.message}); it serves reads and heartbeats only: ${remedy}`;
    this.#failure = new MeshError("ENMESH_STORE_FAILED", message, { cause });
    this.#pending = "";
    // Whoever waits for the next flush hears that its predecessor failed; a later one begins anew.
    this.#next = undefined;
    this.#options.onFailed?.(this.#failure);
    this.#retrySoon();
    return this.#failure;
  }
}
