import { describe, expect, test } from "vitest";
import { attemptsTo, grounds } from "./support/meshes.ts";
import { failedOf, pause, percentile, Traffic } from "./support/traffic.ts";

const productOf = (number: number): string => String((number % 10) + 1);
const getProduct = (_id: string, number: number): { method: string; path: string } => ({
  method: "GET",
  path: `/api/catalog/${productOf(number)}`,
});

describe.each(grounds)("on $name", ({ missing, start }) => {
  test.skipIf(missing !== undefined)(
    `a killed instance costs no request${missing === undefined ? "" : ` (${missing})`}`,
    { timeout: 60_000 },
    async () => {
      const shop = await start({ services: ["gateway", "catalog"] });
      try {
        const traffic = new Traffic({ url: shop.gatewayUrl, perSecond: 200, make: getProduct });
        await pause(2_000);
        const [victim] = shop.of("catalog", "v1");
        const [gateway] = shop.of("gateway");
        const port = victim?.port as number;

        await victim?.kill("SIGKILL");
        await pause(1_000);
        const afterOneSecond = await attemptsTo(gateway as never, "catalog", port);
        await pause(5_000);
        const atTheEnd = await attemptsTo(gateway as never, "catalog", port);
        const samples = await traffic.stop();

        expect(afterOneSecond).toBeGreaterThan(0);
        // The instance is unknown once the registry has noticed; until then nothing more may go there.
        expect(atTheEnd ?? afterOneSecond).toBe(afterOneSecond);
        expect(failedOf(samples)).toEqual([]);
        expect(samples).toHaveLength(traffic.made);
        // Each asked for a product by its number, and must have got that one.
        const wrong = samples.filter(
          ({ id, answer }) => (answer as { id?: string }).id !== productOf(Number(id.split("-")[0])),
        );
        expect(wrong).toEqual([]);
      } finally {
        await shop.stop();
      }
    },
  );
});

describe("an instance that is stopped, not dead", () => {
  test("is left alone, and its callers are quick again within two seconds", { timeout: 60_000 }, async () => {
    const shop = await (grounds[0] as (typeof grounds)[number]).start({ services: ["gateway", "catalog"] });
    try {
      const traffic = new Traffic({ url: shop.gatewayUrl, perSecond: 200, make: getProduct });
      await pause(3_000);
      const [victim] = shop.of("catalog", "v1");
      const stoppedAtMs = traffic.nowMs;

      void victim?.kill("SIGSTOP");
      await pause(10_000);
      void victim?.kill("SIGCONT");
      const samples = await traffic.stop();

      const before = samples.filter(({ atMs }) => atMs > 1_500 && atMs < stoppedAtMs);
      const after = samples.filter(({ atMs }) => atMs > stoppedAtMs + 2_000 && atMs < stoppedAtMs + 10_000);
      expect(failedOf(samples)).toEqual([]);
      expect(after.length).toBeGreaterThan(1_500);
      // Whoever still meets the stopped instance waits for the three seconds of an attempt: nobody may.
      expect(after.filter(({ tookMs }) => tookMs > 2_500)).toEqual([]);
      expect(percentile(after, 0.99)).toBeLessThan(Math.max(1_000, 3 * percentile(before, 0.99)));
    } finally {
      await shop.stop();
    }
  });

  test("two hops down costs no order, and is left alone as well", { timeout: 60_000 }, async () => {
    const shop = await (grounds[0] as (typeof grounds)[number]).start({
      services: ["gateway", "orders", "payments", "users"],
    });
    try {
      const traffic = new Traffic({
        url: shop.gatewayUrl,
        perSecond: 20,
        make: (id) => ({
          method: "POST",
          path: "/api/orders",
          headers: { "idempotency-key": id, "content-type": "application/json" },
          body: JSON.stringify({ user: 1, product: "1" }),
        }),
      });
      await pause(3_000);
      const [victim] = shop.of("payments");
      const stoppedAtMs = traffic.nowMs;

      void victim?.kill("SIGSTOP");
      await pause(8_000);
      void victim?.kill("SIGCONT");
      const samples = await traffic.stop();

      const after = samples.filter(({ atMs }) => atMs > stoppedAtMs + 2_500 && atMs < stoppedAtMs + 8_000);
      expect(failedOf(samples)).toEqual([]);
      expect(samples).toHaveLength(traffic.made);
      // Each hop waits less than the one above it, so that the hop next to the trouble is the one that repeats.
      expect(after.filter(({ tookMs }) => tookMs > 1_400)).toEqual([]);
    } finally {
      await shop.stop();
    }
  });
});
