import { createDirectory, createRegistration, type Watch } from "@enmesh/discovery";
import { describe, expect, test } from "vitest";

import { BlockingWatch } from "../../packages/discovery/src/consul/blocking-watch.ts";
import { Fleet } from "../../packages/discovery/src/fleet.ts";
import { SimulatedRegistry, type SimulatedWorld, simulatedWorld } from "./simulated-registry.ts";

const clients = 10_000;
const perService = 100;

/** Ten thousand instances of a hundred services, each of which is registered and follows the names. */
async function crowd({ runtime, pass }: SimulatedWorld, registry: SimulatedRegistry): Promise<readonly Watch[]> {
  const watches: Watch[] = [];
  for (let number = 0; number < clients; number++) {
    const service = number < perService ? "orders" : `s${Math.floor(number / perService)}`;
    const instance = {
      id: `i${number}`,
      service,
      address: "10.0.0.1",
      port: 1 + number,
      protocol: "http",
      labels: {},
      weight: 1,
    } as const;
    createRegistration({ registrar: registry.registrar(), instance, runtime }).up();
    const fleet = new Fleet();
    fleet.told(service, perService);
    let waitMs = 30_000 * runtime.random();
    const watch: Watch = new BlockingWatch({
      name: registry.registrar().name,
      ask: (index) => {
        const asked = registry.askNames(index, waitMs);
        // They did not all start in the same moment: the first wait ends at any time.
        if (index > 0n) waitMs = 30_000 * (1 - runtime.random() / 16);
        return asked as never;
      },
      deliver: (body) => fleet.named(Object.keys(body as object).length),
      onTrouble: () => {},
      spreadMs: () => fleet.spreadMs,
      runtime,
    });
    watches.push(watch);
    if (number % 200 === 0) await pass(100);
  }
  return watches;
}

describe("ten thousand clients, and a registry that restarts with nothing", () => {
  test.each([300, 2_000, 20_000])(
    "after %i ms is asked at most twice as much as ever, and has everybody in ten seconds",
    async (awayMs) => {
      const from = performance.now();
      const world = simulatedWorld(`registry restart, away for ${awayMs} ms`);
      const { time, runtime, pass } = world;
      const registry = new SimulatedRegistry({ runtime });
      const watches = await crowd(world, registry);
      await pass(35_000, 100);
      const steady = mean(registry.perSecond.slice(20, 40));
      const views = Array.from({ length: 20 }, () =>
        createDirectory({ source: registry.source(), runtime }).view("orders"),
      );
      let failed = 0;

      registry.crash();
      await pass(awayMs, 100);
      registry.isUp = true;
      registry.tellAll();
      const backAt = time.now();
      for (let tenth = 0; tenth < 100; tenth++) {
        await pass(100, 100);
        failed += views.filter(({ snapshot }) => snapshot.endpoints.length < perService).length;
      }
      const registered = registry.registered;
      await pass(15_000, 100);
      const after = registry.perSecond.slice(Math.ceil(backAt / 1_000), Math.floor(time.now() / 1_000));
      const peak = Math.max(...after);

      for (const watch of watches) watch.stop();

      console.log(
        `steady ${Math.round(steady)}/s, peak ${peak}/s (${(peak / steady).toFixed(2)} times), registered after 10 s ${registered}, ${Math.round(performance.now() - from)} ms of real time`,
      );
      expect(peak / steady).toBeLessThanOrEqual(2);
      expect(registered).toBeGreaterThanOrEqual(0.999 * clients);
      expect(failed).toBe(0);
    },
  );
});

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
