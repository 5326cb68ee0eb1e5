import type { Endpoint } from "@enmesh/core";
import { createDirectory, createRegistration, type ServiceView } from "@enmesh/discovery";
import { describe, expect, test } from "vitest";

import { SimulatedRegistry, type SimulatedWorld, simulatedWorld } from "./simulated-registry.ts";

const instances = 50;

interface Mesh extends SimulatedWorld {
  readonly registry: SimulatedRegistry;
  readonly views: readonly ServiceView[];
  readonly dead: Set<string>;
  readonly idsOf: (from: number, to: number) => string[];
  /** Lets time pass while every client calls ten times a second, and counts what goes wrong. */
  call(ms: number): Promise<{ calls: number; failed: number; fewest: number; toDead: number }>;
}

/** Fifty instances and twenty clients that call them; what is dead answers neither calls nor probes. */
async function mesh(name: string, sweepMs = 10_000): Promise<Mesh> {
  const world = simulatedWorld(name);
  const { runtime } = world;
  const registry = new SimulatedRegistry({ runtime, sweepMs });
  const dead = new Set<string>();
  for (let number = 0; number < instances; number++) {
    const instance = {
      id: `i${number}`,
      service: "orders",
      address: "10.0.0.1",
      port: 1 + number,
      protocol: "http",
      labels: {},
      weight: 1,
    } as const;
    createRegistration({ registrar: registry.registrar(), instance, runtime }).up();
  }
  await world.pass(10_000);
  const probe = async ({ id }: Endpoint): Promise<boolean> => !dead.has(id);
  const views = Array.from({ length: 20 }, () =>
    createDirectory({ source: registry.source(), runtime, probe }).view("orders"),
  );

  return Object.assign(world, {
    registry,
    views,
    dead,
    idsOf: (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `i${from + at}`),
    call: async (ms: number) => {
      const seen = { calls: 0, failed: 0, fewest: instances, toDead: 0 };
      for (let left = ms; left > 0; left -= 100) {
        await world.pass(100, 50);
        for (const { snapshot } of views) {
          seen.calls += 1;
          const healthy = snapshot.endpoints.filter(({ id }) => !dead.has(id));
          seen.fewest = Math.min(seen.fewest, healthy.length);
          const chosen = snapshot.endpoints[Math.floor(runtime.random() * snapshot.endpoints.length)];
          if (chosen === undefined) seen.failed += 1;
          else if (dead.has(chosen.id)) seen.toDead += 1;
        }
      }
      return seen;
    },
  });
}

describe("sixty percent of the instances cannot reach their registry for two minutes", () => {
  test.each([
    ["once a minute", 60_000, 45],
    ["every second", 1_000, 20],
  ])(
    "and it puts out %s whoever is silent: the healthy stay in use, and the dead do not",
    async (how, sweepMs, atLeast) => {
      const { registry, dead, idsOf, call, views } = await mesh(`60 % partitioned, swept ${how}`, sweepMs);

      registry.cutOff(idsOf(0, 30));
      const before = await call(10_000);
      for (const id of idsOf(0, 5)) dead.add(id);
      const during = await call(60_000);
      const later = await call(50_000);
      registry.heal();
      const after = await call(30_000);

      console.log(
        `healthy endpoints never fewer than ${during.fewest} of 45 that live, and ${later.fewest} after a minute`,
      );
      expect([before.failed, during.failed, later.failed, after.failed]).toEqual([0, 0, 0, 0]);
      expect(during.fewest).toBeGreaterThanOrEqual(atLeast);
      expect([later.fewest, after.fewest, later.toDead]).toEqual([45, 45, 0]);
      expect(views.map(({ state }) => state)).toEqual(views.map(() => "known"));
    },
  );
});

describe.each([
  ["answers with nothing", 0],
  ["answers with a tenth", 5],
])("a registry that %s for five minutes", (what, left) => {
  test("costs no call and no healthy instance, and is not needed to find the dead", async () => {
    const { registry, dead, idsOf, call, views } = await mesh(what);

    registry.distort = (all) => all.slice(0, left);
    registry.tellAll();
    const during = await call(150_000);
    for (const id of idsOf(40, 45)) dead.add(id);
    await call(40_000);
    const later = await call(110_000);
    registry.distort = (all) => all.filter(({ id }) => !dead.has(id));
    registry.tellAll();
    const after = await call(10_000);

    expect([during.failed, during.fewest]).toEqual([0, instances]);
    expect([later.failed, later.fewest, later.toDead]).toEqual([0, 45, 0]);
    expect([after.failed, after.fewest]).toEqual([0, 45]);
    expect(views.map(({ state }) => state)).toEqual(views.map(() => "known"));
  });
});

describe("a calendar that jumps", () => {
  test.each([3_600_000, -3_600_000, 31_536_000_000, -31_536_000_000])(
    "by %i ms makes nothing expire",
    async (jumpMs) => {
      const here = await mesh(`calendar jumps by ${jumpMs} ms`);
      await here.call(5_000);
      here.events.length = 0;

      here.wallJumpMs = jumpMs;
      const seen = await here.call(120_000);

      expect([seen.failed, seen.fewest, here.registry.registered]).toEqual([0, instances, instances]);
      expect(here.events).toEqual([]);
    },
  );
});
