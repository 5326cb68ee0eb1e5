import { expect, test } from "vitest";

import { Failover } from "./failover.ts";
import { Fleet } from "./fleet.ts";
import { world } from "./scripted/fakes.ts";

function setting(isBack: () => Promise<boolean>): ReturnType<typeof world> & { failover: Failover } {
  const here = world();
  return { ...here, failover: new Failover({ count: 3, runtime: here.runtime, isBack }) };
}

test("the next address takes over, however many find out at once", () => {
  const { failover } = setting(() => Promise.resolve(false));

  failover.failed(0);
  failover.failed(0);
  failover.failed(0);

  expect([failover.current, failover.era]).toEqual([1, 1]);
});

test("the preferred address is used again as soon as it is back, and what was learnt elsewhere does not count there", async () => {
  let isBack = false;
  const { failover, pass } = setting(() => Promise.resolve(isBack));
  failover.failed(0);

  await pass(30_000);
  const away = [failover.current, failover.era];
  isBack = true;
  await pass(13_000);

  expect([away, failover.current, failover.era]).toEqual([[1, 1], 0, 2]);
});

test("an answer to whether it is back that fails is a no", async () => {
  const { failover, pass } = setting(() => Promise.reject(new Error("gone")));

  failover.failed(0);
  await pass(30_000);

  expect(failover.current).toBe(1);
});

test("after the last address comes the first", () => {
  const { failover } = setting(() => Promise.resolve(false));

  for (const at of [0, 1, 2]) failover.failed(at);

  expect([failover.current, failover.era]).toEqual([0, 3]);
});

test("a single address stays, and nothing is asked after close", async () => {
  let asked = 0;
  const here = world();
  const isBack = async (): Promise<boolean> => (asked += 1) < 0;
  const single = new Failover({ count: 1, runtime: here.runtime, isBack });
  const several = new Failover({ count: 2, runtime: here.runtime, isBack });

  single.failed(0);
  several.failed(0);
  several.close();
  await here.pass(60_000);

  expect([single.current, asked]).toEqual([0, 0]);
});

test("a small fleet comes back at once, a large one over most of a minute", () => {
  const [small, large] = [new Fleet(), new Fleet()];

  small.named(3);
  small.told("orders", 4);
  large.named(100);
  large.told("orders", 100);
  // A registry that forgot everything does not make the fleet small.
  large.named(1);
  large.told("orders", 0);

  expect([small.spreadMs, large.spreadMs]).toEqual([60, 50_000]);
});
