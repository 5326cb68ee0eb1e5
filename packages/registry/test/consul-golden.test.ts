import { readFileSync, writeFileSync } from "node:fs";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startRegistry, type Registry } from "../src/registry.ts";
import { differences } from "./golden/differences.ts";
import { replay, type GoldenAnswer } from "./golden/replay.ts";
import { differencesTable, withTable } from "./golden/table.ts";

interface Support {
  consulBinary(): string | undefined;
  startConsul(): Promise<{ readonly url: string; stop(): Promise<void> }>;
}

// The workspace's own helper, where there is one: this package does not depend on it.
const helper = new URL("../../../test/support/consul.ts", import.meta.url).href;
const support = (await import(helper).catch(() => undefined)) as Support | undefined;
const isThere = support?.consulBinary() !== undefined;

const goldenFile = new URL("golden/consul-1.8.7.json", import.meta.url);
const compatibilityFile = new URL("../COMPATIBILITY.md", import.meta.url);
/** `ENMESH_RECORD=1` writes the recording, and the table of differences, anew. */
const isRecording = process.env["ENMESH_RECORD"] === "1";

let registry: Registry;
beforeAll(async () => void (registry = await startRegistry({ port: 0 })));
afterAll(() => registry.close());

describe.skipIf(!isThere)("a real Consul 1.8.7", { timeout: 120_000 }, () => {
  let consul: Awaited<ReturnType<Support["startConsul"]>>;
  beforeAll(async () => void (consul = await (support as Support).startConsul()), 60_000);
  afterAll(() => consul.stop());

  test("answers today what was recorded of it", async () => {
    const theirs = await replay(consul.url, () => settled(consul.url));
    if (isRecording) writeFileSync(goldenFile, `${JSON.stringify(theirs, null, 2)}\n`);

    expect(theirs).toEqual(recording());
  });

  test("keeps the index of a key that is set to what it is already, and so do we", async () => {
    for (const { url } of [consul, registry]) {
      const indexAfter = async (value: string): Promise<number> => {
        await fetch(`${url}/v1/kv/same`, { method: "PUT", body: value });
        return ((await (await fetch(`${url}/v1/kv/same`)).json()) as [{ ModifyIndex: number }])[0].ModifyIndex;
      };

      const [first, second, third] = [await indexAfter("1"), await indexAfter("1"), await indexAfter("2")];

      expect({ url, isKept: second === first, hasMoved: third > first }).toEqual({ url, isKept: true, hasMoved: true });
    }
  });
});

describe("the recording of Consul 1.8.7", { timeout: 60_000 }, () => {
  test("is what we answer, but for the differences that the table explains", async () => {
    const fresh = await startRegistry({ port: 0 });
    const ours = await replay(fresh.url);
    await fresh.close();
    const theirs = recording();

    expect(ours.map(({ request }) => request)).toEqual(theirs.map(({ request }) => request));
    const unexplained = theirs.flatMap((answer, at) => unexplainedIn(answer, ours[at] as GoldenAnswer));
    expect(unexplained).toEqual([]);
  });

  test("has every request of the table, and the table says what Consul said", () => {
    const recorded = new Map(recording().map(({ request, answer }) => [request, answer]));
    const text = withTable(readFileSync(compatibilityFile, "utf8"), differencesTable(recorded));
    if (isRecording) writeFileSync(compatibilityFile, text);

    expect(Object.keys(differences).filter((request) => !recorded.has(request))).toEqual([]);
    expect(plain(readFileSync(compatibilityFile, "utf8"))).toBe(plain(text));
  });
});

/** What differs, where no row of the table says so, or where the row says otherwise. */
function unexplainedIn(theirs: GoldenAnswer, ours: GoldenAnswer): object[] {
  const known = differences[theirs.request];
  if (known === undefined) {
    return isSame(ours, theirs) ? [] : [{ request: theirs.request, theirs, ours }];
  }
  return ours.answer === known.ours && ours.answer !== theirs.answer
    ? []
    : [{ request: theirs.request, expected: known.ours, ours: ours.answer }];
}

/** A table's text, however a formatter has set it. */
function plain(markdown: string): string {
  return markdown.replaceAll(/ {2,}/g, " ").replaceAll(/-{3,}/g, "---");
}

function isSame(a: GoldenAnswer, b: GoldenAnswer): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function recording(): GoldenAnswer[] {
  return JSON.parse(readFileSync(goldenFile, "utf8")) as GoldenAnswer[];
}

/** Resolves once the agent has told its catalog all it knows. */
async function settled(url: string): Promise<void> {
  for (let round = 0; round < 50; round++) {
    const [agent, catalog] = await Promise.all(
      ["/v1/agent/checks", "/v1/health/state/any"].map(async (path) =>
        Object.values((await (await fetch(url + path)).json()) as Record<string, { CheckID: string; Status: string }>),
      ),
    );
    const told = new Set(catalog?.map(({ CheckID, Status }) => `${CheckID} ${Status}`));
    if (agent?.every(({ CheckID, Status }) => told.has(`${CheckID} ${Status}`)) && catalog?.length === agent.length + 1)
      return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
