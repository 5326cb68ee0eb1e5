import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { grounds } from "./support/meshes.ts";
import { failedOf, pause, type Sample, Traffic } from "./support/traffic.ts";

describe.each(grounds)("on $name", ({ missing, start }) => {
  test.skipIf(missing !== undefined)(
    `a rolling restart of every service loses no request and makes no order twice${missing === undefined ? "" : ` (${missing})`}`,
    { timeout: 300_000 },
    async () => {
      const shop = await start();
      try {
        const orders = new Traffic({
          url: shop.gatewayUrl,
          perSecond: 20,
          make: (id, number) => ({
            method: "POST",
            path: "/api/orders",
            headers: { "idempotency-key": id, "content-type": "application/json" },
            body: JSON.stringify({ user: (number % 5) + 1, product: `${(number % 10) + 1}` }),
          }),
        });
        const reads = new Traffic({
          url: shop.gatewayUrl,
          perSecond: 60,
          make: (_id, number) => ({ method: "GET", path: paths[number % paths.length] as string }),
        });
        await pause(1_000);

        // The gateway is the one process that has no second; who calls it from outside would need a balancer in front.
        const behind = shop.processes.filter(({ service }) => service !== "gateway" && service !== "registry");
        for (const process of behind) await process.restart();
        await pause(1_000);
        const ordered = await orders.stop();
        const read = await reads.stop();

        expect(behind.length).toBeGreaterThanOrEqual(14);
        expect(failedOf(ordered)).toEqual([]);
        expect(failedOf(read)).toEqual([]);
        expect([ordered.length, read.length]).toEqual([orders.made, reads.made]);
        expect(bookOf(shop.folder)).toEqual(new Map(ordered.map(({ id }) => [id, "paid"])));
        expect(chargesOf(shop.folder)).toEqual(new Set(ordered.map(({ id }: Sample) => id)));
      } finally {
        await shop.stop();
      }
    },
  );
});

const paths = ["/api/catalog/3", "/api/users/2", "/api/recommendations?for=1", "/api/catalog"];

/** Every order in the file, with its status. The id is the primary key: an order made twice would show as one too many ids. */
function bookOf(folder: string): Map<string, string> {
  const database = new DatabaseSync(join(folder, "orders.db"), { readOnly: true });
  const rows = database.prepare("SELECT id, status FROM orders").all() as { id: string; status: string }[];
  database.close();
  return new Map(rows.map(({ id, status }) => [id, status]));
}

function chargesOf(folder: string): Set<string> {
  const database = new DatabaseSync(join(folder, "payments.db"), { readOnly: true });
  const rows = database.prepare("SELECT order_id FROM charges").all() as { order_id: string }[];
  database.close();
  return new Set(rows.map(({ order_id }) => order_id));
}
