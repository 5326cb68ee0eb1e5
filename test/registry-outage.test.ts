import { expect, test } from "vitest";
import { startShop } from "../examples/shop/src/shop.ts";
import { passing } from "./support/meshes.ts";
import { failedOf, pause, Traffic } from "./support/traffic.ts";

const expected = { gateway: 1, catalog: 4, users: 2 };

test(
  "a registry that is gone for twenty seconds costs no call, and has everybody again within ten",
  { timeout: 120_000 },
  async () => {
    const shop = await startShop({ services: Object.keys(expected) });
    try {
      const traffic = new Traffic({
        url: shop.gatewayUrl,
        perSecond: 100,
        make: (_id, number) => ({ method: "GET", path: number % 2 === 0 ? "/api/catalog/1" : "/api/users/1" }),
      });
      await pause(1_000);
      const [registry] = shop.of("registry");

      await registry?.kill("SIGKILL");
      await pause(20_000);
      await registry?.start();
      const backAt = performance.now();
      const healthy = async (): Promise<Record<string, number>> =>
        Object.fromEntries(
          await Promise.all(
            Object.keys(expected).map(async (service) => [service, await passing(shop.registryUrl, service)] as const),
          ),
        );
      let counted = await healthy();
      while (JSON.stringify(counted) !== JSON.stringify(expected) && performance.now() - backAt < 10_000) {
        await pause(200);
        counted = await healthy();
      }
      const tookMs = performance.now() - backAt;
      await pause(2_000);
      const samples = await traffic.stop();

      expect(counted).toEqual(expected);
      expect(tookMs).toBeLessThan(10_000);
      expect(failedOf(samples)).toEqual([]);
      expect(samples).toHaveLength(traffic.made);
    } finally {
      await shop.stop();
    }
  },
);
