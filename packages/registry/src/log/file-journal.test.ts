import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { VirtualTime } from "@enmesh/core/simulation";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Change, Commit } from "../model/change.ts";
import { Store } from "../state/store.ts";
import { FileJournal } from "./file-journal.ts";
import { encodeLine } from "./line.ts";
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

describe("after a failure", () => {
  test("nothing is written until the disk takes the whole state, and then all is safe again", async () => {
    const { store, file, journal, time, put: write } = await mendable();
    write("before");
    await journal.committed();
    file.isFull = true;
    write("refused");
    await expect(journal.committed()).rejects.toMatchObject({ code: "ENMESH_STORE_FAILED" });
    write("unsafe");
    await expect(journal.committed()).rejects.toMatchObject({ code: "ENMESH_STORE_FAILED" });

    time.advance(10_000);
    await settled();
    const stillFailed = journal.failure;
    file.isFull = false;
    await mended(journal, time);
    write("after");
    await journal.committed();

    expect(stillFailed?.message).toContain("make room or mend the disk, and it goes on by itself");
    const recovered = new Store();
    recovered.replay(await written());
    expect(recovered.keyValues.keysUnder("")).toEqual(store.keyValues.keysUnder(""));
    expect(recovered.keyValues.keysUnder("")).toContain("after");
  });

  test("what happens while the new log is written is not forgotten", async () => {
    const { store, file, journal, time, put: write } = await mendable();
    file.isFull = true;
    write("refused");
    await journal.committed().catch(() => {});
    let release = (): void => {};
    file.isFull = false;
    file.replaceGate = new Promise((resolve) => (release = resolve));

    time.advance(2_000);
    await settled();
    write("meanwhile");
    release();
    await mended(journal, time);
    await journal.committed();

    const recovered = new Store();
    recovered.replay(await written());
    expect(recovered.keyValues.keysUnder("")).toEqual(["meanwhile", "refused"]);
    expect(store.keyValues.size).toBe(2);
  });

  test("who waited behind the write that failed hears of it, and is not waited for again", async () => {
    const { file, journal, time, put: write } = await mendable();
    file.isFull = true;
    write("first");
    const first = journal.committed();
    await Promise.resolve();
    write("second");
    const second = journal.committed();

    await expect(first).rejects.toMatchObject({ code: "ENMESH_STORE_FAILED" });
    await expect(second).rejects.toMatchObject({ code: "ENMESH_STORE_FAILED" });
    file.isFull = false;
    await mended(journal, time);
    write("third");

    await expect(journal.committed()).resolves.toBeUndefined();
    expect(JSON.stringify(await written())).toContain("third");
  });
});

test("a long log is begun anew in pieces: the loop is never kept for as long as all of it takes", async () => {
  const store = new Store();
  for (let at = 0; at < 40_000; at++) store.commit((index) => [{ ...put(`key-${at}`, index) }]);
  const commits = [...store.snapshot()];
  const file = await countingFile();

  // A busy machine only makes it look worse: what counts is the best of a few.
  let [atOnceMs, longestMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < 5; round++) {
    const beganAt = performance.now();
    commits.map(encodeLine).join("");
    atOnceMs = Math.min(atOnceMs, performance.now() - beganAt);
    longestMs = Math.min(longestMs, await longestGap(() => file.replaceWith(commits)));
  }

  expect(longestMs).toBeLessThan(atOnceMs / 3);
  expect((await written()).length).toBe(commits.length);
});

/** The longest time that the event loop was kept while something ran. */
async function longestGap(run: () => Promise<void>): Promise<number> {
  let [last, longest, isOver] = [performance.now(), 0, false];
  const look = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  await run();
  isOver = true;
  return longest;
}

async function mendable() {
  const store = new Store();
  store.resume();
  const time = new VirtualTime();
  const file = await countingFile();
  await file.replaceWith(store.snapshot());
  const journal = new FileJournal({ file, snapshot: () => store.snapshot(), timers: time, clock: time });
  store.writeTo(journal);
  const write = (key: string): void => store.commit((index) => [put(key, index)]);
  return { store, time, file, journal, put: write };
}

async function mended(journal: FileJournal, time: VirtualTime): Promise<void> {
  for (let tries = 0; journal.failure !== undefined && tries < 500; tries++) {
    time.advance(100);
    await settled();
  }
  expect(journal.failure).toBeUndefined();
}

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

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
  replaceGate: Promise<void> | undefined;
  isFull = false;

  override async replaceWith(commits: Iterable<Commit>): Promise<void> {
    const gathered = [...commits];
    await this.replaceGate;
    if (this.isFull) throw new Error("ENOSPC: no space left on device, write");
    await super.replaceWith(gathered);
  }

  override async extend(text: string): Promise<void> {
    this.syncs += 1;
    await this.gate;
    if (this.isFull) throw new Error("ENOSPC: no space left on device, write");
    await super.extend(text);
  }
}

async function countingFile(): Promise<CountingFile> {
  const file = new CountingFile(join(directory, "log"));
  await file.replaceWith([]);
  opened.push(file);
  return file;
}
