import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { type EventChannel, MeshError, type Runtime } from "@enmesh/core";

import { knownChanges } from "../model/change.ts";
import type { Store } from "../state/store.ts";
import { lockDirectory } from "./directory-lock.ts";
import { FileJournal } from "./file-journal.ts";
import type { Journal } from "./journal.ts";
import { LogFile } from "./log-file.ts";
import { readLog } from "./read-log.ts";

/**
 * Opens a data directory: recovers the store from its log, begins a fresh log with the recovered state, and returns the
 * journal that continues it. A torn tail is cut, kept beside the log and reported.
 */
export async function openDataDirectory(
  directory: string,
  store: Store,
  runtime: Runtime,
  onSynced?: (tookMs: number, bytes: number) => void,
): Promise<Journal> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const unlock = await lockDirectory(directory);
    try {
      return withUnlock(await recover(directory, store, runtime, onSynced), unlock);
    } catch (error) {
      await unlock();
      throw error;
    }
  } catch (error) {
    if (error instanceof MeshError) throw error;
    const message = `cannot use the data directory ${directory}: ${(error as Error).message}`;
    throw new MeshError("ENMESH_STORE_FAILED", message, { cause: error });
  }
}

async function recover(
  directory: string,
  store: Store,
  { events, timers, clock }: Runtime,
  onSynced: ((tookMs: number, bytes: number) => void) | undefined,
): Promise<Journal> {
  const path = join(directory, "registry.log");
  const bytes = await readFile(path).catch(absent);
  const { commits, goodBytes, tornBytes } = readLog(bytes);
  const unknown = commits.flatMap(({ changes }) => changes).find(({ op }) => !knownChanges.has(op));
  if (unknown !== undefined) {
    const message = `${path} was written by a newer version of the registry (it speaks of ${JSON.stringify(unknown.op)}); use that version, or another directory`;
    throw new MeshError("ENMESH_STORE_FAILED", message);
  }
  store.replay(commits);
  store.resume();
  if (tornBytes > 0) await keepTornTail(`${path}.torn`, bytes.subarray(goodBytes), events);

  const file = new LogFile(path);
  await file.replaceWith(store.snapshot());
  const services = store.catalog.services.size;
  events.report({ type: "store.recovered", directory, services, keys: store.keyValues.size, commits: commits.length });
  return new FileJournal({
    file,
    snapshot: () => store.snapshot(),
    timers,
    clock,
    ...(onSynced === undefined ? {} : { onSynced }),
    onCompacted: (logBytes) => events.report({ type: "store.compacted", bytes: logBytes }),
    onMended: (logBytes) => events.report({ type: "store.mended", bytes: logBytes }),
    onFailed: (error) => events.report({ type: "store.failed", message: error.message }),
  });
}

async function keepTornTail(keptIn: string, tail: Buffer, events: EventChannel): Promise<void> {
  await writeFile(keptIn, tail, { mode: 0o600 });
  events.report({ type: "store.cut", tornBytes: tail.length, keptIn });
}

function withUnlock(journal: Journal, unlock: () => Promise<void>): Journal {
  return {
    get failure() {
      return journal.failure;
    },
    get bytes() {
      return journal.bytes;
    },
    append: (commit) => journal.append(commit),
    committed: () => journal.committed(),
    close: () => journal.close().finally(unlock),
  };
}

function absent(error: NodeJS.ErrnoException): Buffer {
  if (error.code === "ENOENT") return Buffer.alloc(0);
  throw error;
}
