import { createServer } from "node:net";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { freePort } from "./support/free-port.ts";
import { spawnNode } from "./support/processes.ts";
import { pause } from "./support/traffic.ts";

const starter = fileURLToPath(new URL("../examples/shop/src/start.ts", import.meta.url));

async function ports(): Promise<Record<string, string>> {
  return { SHOP_GATEWAY_PORT: String(await freePort()), SHOP_REGISTRY_PORT: String(await freePort()) };
}

/** Processes of the shop that still run: those whose environment carries its gateway port. */
async function leftOvers(gatewayPort: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      return environment.includes(`SHOP_GATEWAY_PORT=${gatewayPort}`) ? pid : undefined;
    }),
  );
  return found.filter((pid) => pid !== undefined);
}

describe("the shop, as npm start runs it", () => {
  test(
    "shows its table, its URLs and its traffic, and leaves no process behind after Ctrl-C",
    { timeout: 90_000 },
    async () => {
      const env = await ports();
      const shop = spawnNode(starter, { env });
      await shop.waitForLine(/recommendations\s+v2\s+\d+\s+\d+\s+ready/, 40_000);
      await shop.waitForLine(/gateway\s+http:\/\/127\.0\.0\.1:\d+/, 5_000);
      await shop.waitForLine(/100\.00 % of [\d,]+ ok .* p99 /, 20_000);

      const ended = shop.kill("SIGINT");
      const { code } = await ended;

      expect(code).toBe(0);
      await pause(200);
      expect(await leftOvers(env["SHOP_GATEWAY_PORT"] as string)).toEqual([]);
    },
  );

  test("says plainly which port is taken, and what to do", { timeout: 30_000 }, async () => {
    const env = await ports();
    const taken = createServer().listen(Number(env["SHOP_GATEWAY_PORT"]), "127.0.0.1");
    try {
      const shop = spawnNode(starter, { env });
      const { code } = await shop.exited;

      expect(code).not.toBe(0);
      expect(shop.output()).toMatch(new RegExp(`${env["SHOP_GATEWAY_PORT"]}.*taken`, "s"));
      expect(shop.output()).toContain("SHOP_GATEWAY_PORT");
    } finally {
      taken.close();
    }
  });

  test("says plainly when a service crashes", { timeout: 90_000 }, async () => {
    const env = await ports();
    const shop = spawnNode(starter, { args: ["--no-load"], env });
    const row = await shop.waitForLine(/users\s+v1\s+(\d+)\s+\d+\s+ready/, 40_000);
    await shop.waitForLine(/ready after/, 20_000);

    process.kill(Number(row[1]), "SIGKILL");
    await shop.waitForLine(/users-v1-\d.*SIGKILL/, 10_000);

    const { code } = await shop.kill("SIGINT");
    expect(code).toBe(0);
  });
});
