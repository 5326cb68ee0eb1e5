import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Shop, startShop } from "../examples/shop/src/shop.ts";
import { stateOf } from "./support/meshes.ts";
import { failedOf, pause, type Sample, Traffic } from "./support/traffic.ts";

let shop: Shop;
let directory: string;
let file: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "enmesh-rules-"));
  await cp(fileURLToPath(new URL("../examples/shop/mesh", import.meta.url)), directory, { recursive: true });
  file = join(directory, "catalog.yaml");
  shop = await startShop({ services: ["gateway", "catalog", "recommendations"], meshDirectory: directory });
}, 60_000);

afterAll(async () => {
  await shop?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Sends this many calls and gives the share that v2 answered, in percent. */
async function shareOfV2(
  calls: number,
  headers: Record<string, string> = {},
  path = "/api/catalog/1",
): Promise<number> {
  const traffic = new Traffic({ url: shop.gatewayUrl, perSecond: 400, make: () => ({ method: "GET", path, headers }) });
  while (traffic.made < calls) await pause(20);
  const samples = await traffic.stop();
  expect(failedOf(samples)).toEqual([]);
  return (100 * samples.filter(({ version }: Sample) => version?.endsWith("/v2")).length) / samples.length;
}

async function setWeights(v1: number, v2: number): Promise<void> {
  const text = await readFile(file, "utf8");
  await writeFile(
    file,
    text.replace(/weight: \d+/, `weight: ${v1}`).replace(/weight: \d+(?![\s\S]*weight:)/, `weight: ${v2}`),
  );
}

describe("a canary", () => {
  test("gets its weight of the calls", { timeout: 30_000 }, async () => {
    expect(Math.abs((await shareOfV2(2_000)) - 10)).toBeLessThan(3);
  });

  test("gets every call that asks for it", { timeout: 30_000 }, async () => {
    expect(await shareOfV2(200, { "x-canary": "true" })).toBe(100);
  });

  test("gets its new weight within a second of the edit", { timeout: 30_000 }, async () => {
    await setWeights(50, 50);
    await pause(1_000);

    expect(Math.abs((await shareOfV2(2_000)) - 50)).toBeLessThan(3);
  });

  test(
    "stays as it is when the file breaks, and the break is told with line and column",
    { timeout: 30_000 },
    async () => {
      const good = await readFile(file, "utf8");
      const before = (await stateOf(shop.of("gateway")[0] as never)).policies;
      await writeFile(file, good.replace("weight: 50", "weight: [fifty"));
      await pause(1_000);

      const { policies } = await stateOf(shop.of("gateway")[0] as never);
      const share = await shareOfV2(2_000);
      await writeFile(file, good);

      const line = good.split("\n").findIndex((text) => text.includes("weight: 50")) + 1;
      expect(Math.abs(share - 50)).toBeLessThan(3);
      expect(policies.revision).toBe(before.revision);
      expect(policies.isRejected).toBe(true);
      expect(
        policies.diagnostics.some(
          (one) => one.file.endsWith("catalog.yaml") && Math.abs(one.line - line) <= 1 && one.column > 0,
        ),
      ).toBe(true);
    },
  );
});

describe("an A/B route", () => {
  test("sends premium customers to v2 and everybody else to v1", { timeout: 30_000 }, async () => {
    expect(await shareOfV2(100, { "x-user-segment": "premium" }, "/api/recommendations?for=1")).toBe(100);
    expect(await shareOfV2(100, {}, "/api/recommendations?for=1")).toBe(0);
  });
});
