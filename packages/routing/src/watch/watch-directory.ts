import { type FSWatcher, watch } from "node:fs";

import { type Runtime, TimerCallback } from "@enmesh/core";

import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { PolicyFile } from "../diagnostics/source-file.ts";
import type { ApplyResult, Router } from "../router.ts";
import { fingerprintOf, identityOf } from "./fingerprint.ts";
import { type DirectoryContents, readDirectory } from "./read-directory.ts";

/** Takes what a directory holds, and says what became of it. */
export type FilesReader = (files: readonly PolicyFile[], problems: readonly Diagnostic[]) => ApplyResult;

interface CommonWatchOptions {
  readonly directory: string;
  /** Its timers and its events. */
  readonly runtime: Pick<Runtime, "timers" | "events">;
  /** Waits this long after a change, for the rest of it. @default 50 */
  readonly settleMs?: number;
  /** Looks this often by itself, where changes are not told (network file systems, symbolic links). @default 500 */
  readonly pollMs?: number;
}

/** Whoever takes the files: a router, or a function. */
export type WatchOptions = CommonWatchOptions &
  ({ readonly router: Pick<Router, "apply"> } | { readonly onFiles: FilesReader });

export const watchDefaults: { readonly settleMs: number; readonly pollMs: number } = Object.freeze({
  settleMs: 50,
  pollMs: 500,
});

/** A directory under watch. It keeps no process alive. */
export interface DirectoryWatch {
  /** What became of the first reading; undefined when the watch was closed before. */
  readonly first: Promise<ApplyResult | undefined>;
  /** Looks now. Resolves when what was found is carried out. */
  readonly refresh: () => Promise<void>;
  /** Stops. Nothing is applied from now on, and no handle is left. */
  readonly close: () => void;
}

/**
 * Reads a directory of policies and keeps reading it as it changes, each change within a second. A directory that is not there is reported, and
 * read once it is. A file with errors is reported, and changes nothing.
 */
export function watchDirectory(options: WatchOptions): DirectoryWatch {
  const watched = new Watch(options);
  return { first: watched.begin(), refresh: () => watched.refresh(), close: () => watched.close() };
}

class Watch {
  readonly #directory: string;
  readonly #runtime: Pick<Runtime, "timers" | "events">;
  readonly #deliver: FilesReader;
  readonly #settleMs: number;
  readonly #pollMs: number;
  readonly #settled: TimerCallback = new TimerCallback(() => void this.refresh());
  readonly #polled: TimerCallback = new TimerCallback(() => void this.#poll());
  #watcher: FSWatcher | undefined;
  #identity: string | undefined;
  #fingerprint = "";
  #seen: DirectoryContents | undefined;
  #looking: Promise<ApplyResult | undefined> | undefined;
  #isClosed = false;

  constructor(options: WatchOptions) {
    this.#directory = options.directory;
    this.#runtime = options.runtime;
    this.#deliver = "router" in options ? options.router.apply : options.onFiles;
    this.#settleMs = options.settleMs ?? watchDefaults.settleMs;
    this.#pollMs = options.pollMs ?? watchDefaults.pollMs;
  }

  begin(): Promise<ApplyResult | undefined> {
    this.#runtime.timers.schedule(this.#polled, this.#pollMs);
    return this.#inTurn(() => this.#look());
  }

  async refresh(): Promise<void> {
    try {
      await this.#inTurn(() => this.#look());
    } catch (error) {
      this.#runtime.events.report({ type: "policy.failed", directory: this.#directory, error });
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#runtime.timers.cancel(this.#settled);
    this.#runtime.timers.cancel(this.#polled);
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** One look at a time, in the order they were asked for. */
  async #inTurn(look: () => Promise<ApplyResult | undefined>): Promise<ApplyResult | undefined> {
    const before = this.#looking;
    const mine = (async () => {
      await before?.catch(() => undefined);
      return look();
    })();
    this.#looking = mine;
    return mine;
  }

  async #look(): Promise<ApplyResult | undefined> {
    if (this.#isClosed) return undefined;
    await this.#attach();
    // Taken before the files are read: what changes meanwhile shows in the next one.
    const fingerprint = await fingerprintOf(this.#directory);
    const contents = await readDirectory(this.#directory);
    if (this.#isClosed) return undefined;
    this.#fingerprint = fingerprint;
    if (this.#seen !== undefined && isSame(this.#seen, contents)) return undefined;
    this.#seen = contents;
    return this.#deliver(contents.files, contents.problems);
  }

  async #poll(): Promise<void> {
    const [fingerprint, identity] = await Promise.all([fingerprintOf(this.#directory), identityOf(this.#directory)]);
    if (this.#isClosed) return;
    if (fingerprint !== this.#fingerprint || identity !== this.#identity) await this.refresh();
    if (!this.#isClosed) this.#runtime.timers.schedule(this.#polled, this.#pollMs);
  }

  /** Listens to the directory that is there now. Without one, or where listening fails, the poll remains. */
  async #attach(): Promise<void> {
    const identity = await identityOf(this.#directory);
    if (this.#isClosed || (identity === this.#identity && this.#watcher !== undefined)) return;
    this.#detach();
    this.#identity = identity;
    if (identity === undefined) return;
    try {
      this.#watcher = watch(this.#directory, { persistent: false }, () => this.#changed());
      this.#watcher.on("error", () => this.#detach());
    } catch {
      this.#detach();
    }
  }

  #detach(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #changed(): void {
    if (this.#isClosed || this.#settled.list !== undefined) return;
    this.#runtime.timers.schedule(this.#settled, this.#settleMs);
  }
}

function isSame(one: DirectoryContents, other: DirectoryContents): boolean {
  return (
    one.files.length === other.files.length &&
    one.problems.length === other.problems.length &&
    one.files.every(
      ({ name, text }, index) => other.files[index]?.name === name && other.files[index]?.text === text,
    ) &&
    one.problems.every(
      ({ file, message }, index) => other.problems[index]?.file === file && other.problems[index]?.message === message,
    )
  );
}
