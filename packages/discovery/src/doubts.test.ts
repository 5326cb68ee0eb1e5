import type { Endpoint } from "@enmesh/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { idsOf, instanceOf, type ScriptedDirectory, scriptedDirectory } from "./scripted/fakes.ts";

const ids = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

/** Ten instances are known, and the registry tells of one. */
function shrunk(probe?: (endpoint: Endpoint) => Promise<boolean>): ScriptedDirectory {
  const here = scriptedDirectory({ probe });
  here.directory.view("orders");
  here.source.answer("orders", ...ids.map((id) => instanceOf(id)));
  here.source.answer("orders", instanceOf("a"));
  return here;
}

describe("an answer that leaves out nine of ten", () => {
  test("empties nothing, makes the view stale and says so", () => {
    const { directory, events } = shrunk();

    expect([directory.view("orders").state, idsOf(directory)]).toEqual(["stale", ids]);
    expect(events.at(-2)).toEqual({ type: "discovery.shrink_doubted", service: "orders", kept: 9, total: 10 });
  });

  test("is believed at once when all of them had said that they leave", () => {
    const { source, directory } = scriptedDirectory();
    directory.view("orders");
    source.answer("orders", ...ids.map((id) => instanceOf(id)));

    source.answer("orders", instanceOf("a"), ...ids.slice(1).map((id) => instanceOf(id, { status: "DRAINING" })));
    source.answer("orders", instanceOf("a"));

    expect([directory.view("orders").state, idsOf(directory)]).toEqual(["known", ["a"]]);
  });

  test("is believed about whom two probes in a row find silent, and about nobody else", async () => {
    const asked: string[] = [];
    const { directory, events, pass } = shrunk(async ({ id }) => {
      asked.push(id);
      return id < "f";
    });

    await pass(1_000);
    const afterOne = idsOf(directory).length;
    await pass(2_000);

    expect([afterOne, idsOf(directory)]).toEqual([10, ["a", "b", "c", "d", "e"]]);
    expect(asked).not.toContain("a");
    expect(events.find(({ type }) => type === "discovery.shrink_believed")).toMatchObject({
      ids: ["f", "g", "h", "i", "j"],
      because: "probe",
    });
  });

  test("is believed after ten minutes, whatever probes say", async () => {
    const { directory, pass } = shrunk(() => Promise.resolve(true));

    await pass(599_000);
    const before = idsOf(directory).length;
    await pass(35_000);

    expect([before, directory.view("orders").state, idsOf(directory)]).toEqual([10, "known", ["a"]]);
  });

  test("is believed after two minutes when nobody can be asked", async () => {
    const { directory, pass } = shrunk();

    await pass(119_000);
    const before = idsOf(directory).length;
    await pass(2_000);

    expect([before, idsOf(directory)]).toEqual([10, ["a"]]);
  });

  test("is forgotten when the next answer has them again", async () => {
    const { source, directory, pass } = shrunk(() => Promise.resolve(false));

    source.answer("orders", ...ids.map((id) => instanceOf(id)));
    await pass(10_000);

    expect([directory.view("orders").state, idsOf(directory)]).toEqual(["known", ids]);
  });

  test("keeps in doubt those who are still missing while the others come back one by one", () => {
    const { source, directory } = shrunk();

    for (let told = 2; told < 9; told++) source.answer("orders", ...ids.slice(0, told).map((id) => instanceOf(id)));

    expect(idsOf(directory)).toEqual(ids);
  });

  test("is not believed for silences while our own loop was blocked", async () => {
    const { runtime, directory, pass, time } = shrunk(() => Promise.resolve(false));

    runtime.distrustsItselfUntil = time.now() + 10_000;
    await pass(9_900);

    expect(idsOf(directory)).toHaveLength(10);
  });
});

test("a loss in small steps is no more believed than one in a big step", () => {
  const { source, directory } = scriptedDirectory();
  directory.view("orders");

  for (let left = 10; left >= 5; left--) source.answer("orders", ...ids.slice(0, left).map((id) => instanceOf(id)));
  const atHalf = idsOf(directory).length;
  source.answer("orders", ...ids.slice(0, 4).map((id) => instanceOf(id)));

  expect(atHalf).toBe(5);
  expect([directory.view("orders").state, idsOf(directory)]).toEqual(["stale", ids]);
});

test("with no live instance in the answer, whoever still answers stays for as long as it does", async () => {
  let isAlive = true;
  const { source, directory, pass } = scriptedDirectory({ probe: () => Promise.resolve(isAlive) });
  directory.view("orders");
  source.answer("orders", instanceOf("a"), instanceOf("b"));
  source.answer("orders");

  await pass(600_000);
  const later = idsOf(directory);
  isAlive = false;
  await pass(40_000);

  expect([later, idsOf(directory)]).toEqual([["a", "b"], []]);
});

test("nothing is probed after close", async () => {
  let probes = 0;
  const { directory, pass } = shrunk(async () => {
    probes += 1;
    return true;
  });

  directory.close();
  await pass(60_000);

  expect(probes).toBe(0);
});

test("over any sequence of answers, one never loses more than half of the live instances that it does not mention", () => {
  const answers = fc.array(fc.subarray(ids, { minLength: 0 }), { maxLength: 20 });

  const property = fc.property(answers, (script) => {
    const { source, directory } = scriptedDirectory();
    directory.view("orders");
    return script.every((answer) => {
      const before = idsOf(directory);
      source.answer("orders", ...answer.map((id) => instanceOf(id)));
      const now = new Set(idsOf(directory));
      const lost = before.filter((id) => !now.has(id)).length;
      return lost * 2 <= before.length;
    });
  });

  expect(() => fc.assert(property)).not.toThrow();
});
