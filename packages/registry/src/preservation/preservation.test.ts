import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { beatingWorld as world, blockableWorld as blockable, isMarked, ttlMs } from "../../test/beating-worlds.ts";

describe("silence of one", () => {
  test("is death: it is critical after its TTL, however many live", () => {
    const { beating, live, critical, events } = world({ instances: 10 });

    beating.delete("orders-3");
    live(ttlMs + 5_000);

    expect(critical()).toEqual(["orders-3"]);
    expect(events("preservation.began")).toEqual([]);
  });

  test("and of a second is still no reason to doubt, in a service of three", () => {
    const { beating, live, critical } = world({ instances: 3 });

    beating.delete("orders-1");
    beating.delete("orders-2");
    live(ttlMs + 5_000);

    expect(critical()).toEqual(["orders-1", "orders-2"]);
  });
});

describe("silence of 60 %", () => {
  test("for two minutes drops nobody, says why, and leaves no trace when it is over", () => {
    const { beating, live, critical, outputs, events, agent } = world({ instances: 50 });
    const all = [...beating];

    for (const id of all.slice(0, 30)) beating.delete(id);
    live(120_000);
    const during = {
      critical: critical(),
      marked: outputs().filter(isMarked).length,
      frozen: agent.preservation.frozen,
    };
    for (const id of all) beating.add(id);
    live(30_000);

    expect(during).toMatchObject({ critical: [], marked: 30, frozen: [{ service: "orders", zone: "", held: 30 }] });
    expect(during.frozen[0]?.reason).toMatch(/^\d+ of 50 instances of orders fell silent within one TTL/);
    expect(events("preservation.began")).toHaveLength(1);
    expect(events("preservation.ended")).toMatchObject([{ reason: expect.stringMatching(/^the beats have returned/) }]);
    expect([critical(), outputs().filter(isMarked), agent.preservation.frozen]).toEqual([[], [], []]);
    expect(agent.preservation.withheld).toBe(30);
  });

  test("gives back those who had fallen before there was reason to doubt", () => {
    // Beats as rare as they may be: the first have expired before the others are late.
    const { beating, live, critical, events } = world({ instances: 20, intervalMs: 14_000 });
    for (const id of [...beating].slice(0, 12)) beating.delete(id);

    live(2 * ttlMs);

    expect(events("check.changed").length).toBeGreaterThan(0);
    expect(critical()).toEqual([]);
  });

  test("is believed after ten minutes, and the output says what the check said last", () => {
    const { beating, live, critical, outputs } = world({ instances: 10 });
    for (const id of [...beating].slice(0, 6)) beating.delete(id);

    live(600_000);
    const before = critical().length;
    live(20_000);

    expect([before, critical().length]).toEqual([0, 6]);
    expect(outputs().filter((output) => output.startsWith("TTL expired"))).toEqual(
      Array.from({ length: 6 }, () => "TTL expired (last output before timeout follows): well"),
    );
  });

  test("is over when all but the dead have returned: those get one more TTL and no more", () => {
    const { beating, live, critical } = world({ instances: 40 });
    const silent = [...beating].slice(0, 24);
    for (const id of silent) beating.delete(id);

    live(60_000);
    for (const id of silent.slice(2)) beating.add(id);
    live(5_000);
    const soon = critical();
    live(2 * ttlMs);

    expect(soon).toEqual([]);
    expect(critical()).toEqual(["orders-1", "orders-2"]);
  });

  test("of one zone is no reason to keep the dead of another", () => {
    const { beating, live, critical, agent } = world({ instances: 20, zoneOf: (at) => (at < 10 ? "a" : "b") });
    for (const id of [...beating].slice(0, 10)) beating.delete(id);
    beating.delete("orders-20");

    live(60_000);

    expect(critical()).toEqual(["orders-20"]);
    expect(agent.preservation.frozen).toMatchObject([{ service: "orders", zone: "a", held: 10 }]);
  });

  test("is believed at once where that is wanted: as Consul does", () => {
    const { beating, live, critical } = world({ instances: 10, options: { selfPreservation: false } });
    for (const id of [...beating].slice(0, 6)) beating.delete(id);

    live(ttlMs + 5_000);

    expect(critical()).toHaveLength(6);
  });
});

test("what counts is the beats that are missing, by each one's own rate", () => {
  // Three of thirteen are 23 % of the instances, but they beat so rarely that they are 3 % of the beats.
  const { beating, live, critical } = world({ instances: 13, intervalOf: (at) => (at < 3 ? 10_000 : 1_000) });
  for (const id of [...beating].slice(0, 3)) beating.delete(id);

  live(2 * ttlMs);

  expect(critical()).toHaveLength(3);
});

test("whoever leaves by the door is not missing", () => {
  const { beating, live, agent, critical, events } = world({ instances: 10 });
  for (const id of [...beating].slice(0, 5)) {
    beating.delete(id);
    agent.deregisterService(id);
  }

  live(60_000);

  expect([critical(), events("preservation.began")]).toEqual([[], []]);
});

describe("after a restart", () => {
  test("everybody has one full TTL, and who is still silent then is doubted like everybody", () => {
    const first = world({ instances: 20 });
    const { live, critical, agent } = world({ instances: 20, earlier: first.store, beatsFrom: 12 });

    live(ttlMs - 1);
    const early = [critical(), agent.preservation.frozen];
    live(30_000);

    expect(early).toEqual([[], []]);
    expect([critical(), agent.preservation.frozen.length]).toEqual([[], 1]);
  });
});

test("a loop that is blocked for two seconds evicts nobody and doubts nobody", () => {
  const { live, block, critical, events } = blockable({ instances: 40, ttl: 2_000, intervalMs: 650 });

  live(10_000);
  block(2_000);
  live(10_000);
  block(2_500);
  block(2_500);
  live(10_000);

  expect([critical(), events("check.changed"), events("preservation.began")]).toEqual([[], [], []]);
});

test.each([3_600_000, -3_600_000, 31_536_000_000, -31_536_000_000])(
  "a wall clock that jumps by %d ms moves no lease",
  (jumpMs) => {
    const { live, critical, events, jump } = world({ instances: 10 });

    jump(jumpMs);
    live(60_000);

    expect([critical(), events("preservation.began")]).toEqual([[], []]);
  },
);

test("10,000 instances of one service, 60 % cut off for two minutes: nobody is dropped, and the dead are found after", () => {
  const { beating, live, critical } = world({ instances: 10_000, intervalMs: 5_000, seed: 7 });
  const all = [...beating];

  for (const id of all.slice(0, 6_000)) beating.delete(id);
  live(120_000);
  const during = critical();
  for (const id of all.slice(5)) beating.add(id);
  live(60_000);

  expect(during).toEqual([]);
  expect(critical()).toHaveLength(5);
});

test("nobody who beats is ever held or dropped, nobody silent is held beyond ten minutes, and nothing is left behind", () => {
  const step = fc.record({
    cut: fc.array(fc.integer({ min: 0, max: 19 }), { maxLength: 12 }),
    mend: fc.array(fc.integer({ min: 0, max: 19 }), { maxLength: 12 }),
    ms: fc.integer({ min: 1_000, max: 90_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
      const { beating, agent, live, critical, outputs, store } = world({ instances: 20 });
      const all = [...beating];
      const isWell = new Set(all);
      for (const { cut, mend, ms } of steps) {
        for (const at of cut) isWell.delete(all[at] as string);
        for (const at of cut) beating.delete(all[at] as string);
        for (const at of mend) beating.add(all[at] as string);
        live(ms);
        for (const id of critical()) expect(isWell.has(id)).toBe(false);
      }
      const silent = all.filter((id) => !beating.has(id));
      live(640_000);
      expect([critical().toSorted(), outputs().filter(isMarked)]).toEqual([silent.toSorted(), []]);

      for (const id of all) agent.deregisterService(id);
      live(60_000);
      expect([agent.leases, agent.preservation.domains, store.catalog.checks.size]).toEqual([0, 0, 0]);
    }),
    { numRuns: 100 },
  );
});
