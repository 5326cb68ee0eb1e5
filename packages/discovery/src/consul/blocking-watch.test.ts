import type { MeshError } from "@enmesh/core";
import { describe, expect, test } from "vitest";

import { settled, world, type World } from "../scripted/fakes.ts";
import { BlockingWatch, type BlockingWatchOptions } from "./blocking-watch.ts";
import type { ConsulAnswer } from "./consul-client.ts";

interface Asked {
  readonly index: bigint;
  readonly at: number;
  answer(index: string | undefined, body?: unknown): void;
  fail(error: object): void;
}

interface Setting extends World {
  readonly watch: BlockingWatch;
  readonly asked: Asked[];
  readonly delivered: unknown[];
  readonly troubles: MeshError[];
  cancelled: number;
  /** Answers the question that is open. */
  answer(index: string | undefined, body?: unknown): Promise<void>;
  fail(error?: object): Promise<void>;
}

function setting(options: Partial<BlockingWatchOptions> = {}, seed = 1): Setting {
  const here = world(seed);
  const asked: Asked[] = [];
  const setup = { cancelled: 0, delivered: [] as unknown[], troubles: [] as MeshError[] };
  const watch = new BlockingWatch({
    name: "registry http://scripted",
    runtime: here.runtime,
    deliver: (body) => setup.delivered.push(body),
    onTrouble: (error) => setup.troubles.push(error),
    ask: (index) => {
      const { promise, resolve, reject } = Promise.withResolvers<ConsulAnswer>();
      asked.push({
        index,
        at: here.time.now(),
        answer: (newIndex, body) =>
          resolve({ headers: newIndex === undefined ? {} : { "x-consul-index": newIndex }, body }),
        fail: (error) => reject(Object.assign(new Error("failed"), error)),
      });
      return { answer: promise, cancel: () => void (setup.cancelled += 1) };
    },
    ...options,
  });
  return Object.assign(setup, here, {
    watch,
    asked,
    answer: (index: string | undefined, body?: unknown) => {
      asked.at(-1)?.answer(index, body);
      return settled();
    },
    fail: (error: object = {}) => {
      asked.at(-1)?.fail(error);
      return settled();
    },
  });
}

const indexesOf = ({ asked }: Setting): number[] => asked.map(({ index }) => Number(index));

describe("a blocking watch", () => {
  test("asks for the present state first, and then for what came after", async () => {
    const here = setting();

    await here.answer("7", "one");
    await here.answer("9", "two");

    expect(indexesOf(here)).toEqual([0, 7, 9]);
    expect(here.delivered).toEqual(["one", "two"]);
  });

  test("delivers nothing when the wait ended without news", async () => {
    const here = setting();

    await here.answer("7", "one");
    await here.answer("7", "one");

    expect(here.delivered).toEqual(["one"]);
    expect(indexesOf(here)).toEqual([0, 7, 7]);
  });

  test("asks for the present state when the index goes back, and delivers what came with it", async () => {
    const here = setting();

    await here.answer("900", "before");
    await here.answer("3", "after");
    await here.pass(100);
    await here.answer("3", "after");
    await here.pass(100);

    expect(indexesOf(here)).toEqual([0, 900, 0, 3]);
    expect(here.delivered).toEqual(["before", "after", "after"]);
  });

  test("asks for the present state after a failure, and delivers it though the index is the same", async () => {
    const here = setting();

    await here.answer("7", "one");
    await here.fail();
    await here.pass(200);
    await here.answer("7", "one");

    expect(indexesOf(here)).toEqual([0, 7, 0, 7]);
    expect(here.delivered).toEqual(["one", "one"]);
    expect(here.troubles.map(({ code }) => code)).toEqual(["ENMESH_REGISTRY_UNREACHABLE"]);
  });

  test("takes an index of 0 for 1, so that the next question still waits", async () => {
    const here = setting();

    await here.answer("0", "one");

    expect(indexesOf(here)).toEqual([0, 1]);
  });

  test.each([undefined, "", "x", "-1"])("refuses an answer whose index is %j: that is no registry", async (index) => {
    const here = setting();

    await here.answer(index, "<html>");

    expect(here.delivered).toEqual([]);
    expect(here.troubles[0]?.message).toMatch(/answers without X-Consul-Index; check that this url is a registry/);
  });

  test("goes on after a 400, and after a 403 says what to do", async () => {
    const here = setting();

    await here.fail({ response: { statusCode: 400, body: "Invalid index" } });
    await here.pass(200);
    await here.fail({ response: { statusCode: 403, body: "Permission denied" } });
    await here.pass(400);

    expect(here.asked).toHaveLength(3);
    expect(here.troubles.map(({ code }) => code)).toEqual(["ENMESH_REGISTRY_REFUSED", "ENMESH_REGISTRY_REFUSED"]);
    expect(here.troubles[1]?.message).toMatch(/answered 403 \(Permission denied\); give a token/);
  });

  test("pauses longer with every failure, up to five seconds, and never twice the same", async () => {
    const here = setting();

    for (let failure = 0; failure < 12; failure++) {
      await here.fail();
      await here.pass(5_000);
    }

    const waits = here.asked.map(({ at }, index) => (at - (here.asked[index - 1]?.at ?? 0)) % 5_000);
    expect(here.asked).toHaveLength(13);
    expect(new Set(waits.slice(-5)).size).toBe(5);
  });

  test("asks at most ten times a second when the registry never blocks", async () => {
    const here = setting();

    for (let turn = 0; turn < 200; turn++) {
      await here.answer(String(turn + 1));
      await here.pass(10);
    }

    expect(here.asked.length).toBeLessThan(2 * 10 + 5);
  });

  test("asks another address at once when one fails, from the beginning, and calls it trouble only when all have failed", async () => {
    let era = 0;
    const here = setting({ era: () => era, addresses: 2 });
    await here.answer("7", "one");

    era = 1;
    await here.fail();
    await here.pass(1);
    const quiet = [here.troubles.length, Number(here.asked.at(-1)?.index), here.asked.length];
    era = 2;
    await here.fail();

    expect(quiet).toEqual([0, 0, 3]);
    expect(here.troubles).toHaveLength(1);
  });

  test("delivers what another address says though the index is the same", async () => {
    let era = 0;
    const here = setting({ era: () => era, addresses: 2 });
    await here.answer("7", "one");

    era = 1;
    await here.answer("7", "one");
    await here.pass(100);
    await here.answer("7", "another");

    expect(here.delivered).toEqual(["one", "another"]);
  });

  test("spreads its return to a registry that it had heard of, and asks quickly for one that it never reached", async () => {
    const returns = Array.from({ length: 20 }, (_, seed) => setting({ spreadMs: () => 10_000 }, seed + 1));
    const first = setting({ spreadMs: () => 10_000 });

    for (const here of returns) {
      await here.answer("7", "one");
      await here.fail();
      await here.pass(11_000);
    }
    await first.fail();
    await first.pass(200);

    const times = returns.map(({ asked }) => Math.round((asked[2]?.at ?? 0) / 1_000));
    expect(new Set(times).size).toBeGreaterThan(6);
    expect(first.asked).toHaveLength(2);
  });

  test("hears nothing after stop, neither what is under way nor what was planned", async () => {
    const here = setting();
    await here.answer("7", "one");

    here.watch.stop();
    here.watch.stop();
    await here.answer("8", "two");
    await here.pass(10_000);

    expect([here.delivered, here.cancelled, here.asked.length]).toEqual([["one"], 1, 2]);
  });
});
