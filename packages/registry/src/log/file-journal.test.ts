import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Change, Commit } from "../model/change.ts";
import { Store } from "../state/store.ts";
import { FileJournal } from "./file-journal.ts";
import { LogFile } from "./log-file.ts";
import { readLog } from "./read-log.ts";

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "enmesh-journal-"))));
afterEach(async () => {
  for (const file of opened.splice(0)) await file.close();
  await rm(directory, { recursive: true });
});
const opened: LogFile[] = [];

describe("group commit", () => {
  test("makes many commits safe with few syncs, in their order", async () => {
    const file = await countingFile();
    const journal = new FileJournal({ file, snapshot: () => [] });

    for (let index = 1; index <= 1_000; index++) journal.append(gone(index));
    await journal.committed();

    expect(file.syncs).toBeLessThan(5);
    expect((await written()).map(({ index }) => index)).toEqual(Array.from({ length: 1_000 }, (_, at) => at + 1));
  });

  test("says safe only once the sync that holds the commit is over", async () => {
    const file = await countingFile();
    const journal = new FileJournal({ file, snapshot: () => [] });
    let release = (): void => {};
    file.gate = new Promise((resolve) => (release = resolve));
    let isSafe = false;

    journal.append(gone(1));
    const committed = journal.committed().then(() => (isSafe = true));
    await new Promise((resolve) => setImmediate(resolve));
    const before = isSafe;
    release();
    await committed;

    expect([before, isSafe]).toEqual([false, true]);
  });
});

test("a log that has grown is begun anew with the state as it is", async () => {
  const file = await countingFile();
  const compacted: number[] = [];
  const journal = new FileJournal({
    file,
    snapshot: () => [gone(7)],
    compactAboveBytes: 200,
    onCompacted: (bytes) => compacted.push(bytes),
  });

  for (let index = 1; index <= 7; index++) {
    journal.append(gone(index));
    await journal.committed();
  }

  expect(compacted).toHaveLength(1);
  expect((await written()).map(({ index }) => index)[0]).toBe(7);
});

test("however often the log is begun anew, it holds the state of the last commit", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.boolean(), fc.boolean()), { maxLength: 30 }),
      async (steps) => {
        const store = new Store();
        store.resume();
        const file = await countingFile();
        const journal = new FileJournal({ file, snapshot: () => store.snapshot(), compactAboveBytes: 300 });
        await file.replaceWith(store.snapshot());
        store.writeTo(journal);

        for (const [key, isPut, isAwaited] of steps) {
          store.commit((index) => [isPut ? put(key, index) : { op: "kv-gone", key }]);
          if (isAwaited) await journal.committed();
        }
        await journal.committed();

        const recovered = new Store();
        recovered.replay(await written());
        expect(recovered.keyValues.under("")).toEqual(store.keyValues.under(""));
        recovered.resume();
        if (steps.length > 0) expect(recovered.index).toBeGreaterThan(store.index);
      },
    ),
    { numRuns: 40 },
  );
});

test("once a write has failed, nothing is called safe any more", async () => {
  const file = await countingFile();
  const failures: Error[] = [];
  const journal = new FileJournal({ file, snapshot: () => [], onFailed: (error) => failures.push(error) });
  file.gate = Promise.reject(new Error("ENOSPC: no space left on device"));

  journal.append(gone(1));
  await expect(journal.committed()).rejects.toMatchObject({ code: "ENMESH_STORE_FAILED" });
  file.gate = undefined;
  journal.append(gone(2));

  await expect(journal.committed()).rejects.toMatchObject({ code: "ENMESH_STORE_FAILED" });
  expect(journal.failure?.message).toContain("no space left on device");
  expect(failures).toHaveLength(1);
  expect(await written()).toEqual([]);
});

function gone(index: number): Commit {
  return { index, changes: [{ op: "kv-gone", key: `key-${index}` }] };
}

function put(key: string, index: number): Change {
  return { op: "kv", entry: { key, value: Buffer.alloc(20), flags: "0", createIndex: index, modifyIndex: index } };
}

async function written(): Promise<readonly Commit[]> {
  return readLog(await readFile(join(directory, "log"))).commits;
}

class CountingFile extends LogFile {
  syncs = 0;
  gate: Promise<void> | undefined;

  override async extend(text: string): Promise<void> {
    this.syncs += 1;
    await this.gate;
    await super.extend(text);
  }
}

async function countingFile(): Promise<CountingFile> {
  const file = new CountingFile(join(directory, "log"));
  await file.replaceWith([]);
  opened.push(file);
  return file;
}
