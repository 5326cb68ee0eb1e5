import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { spawnProgram } from "./support/processes.ts";
import { ChurnInstance, Line } from "./support/registry-churn.ts";

const blockForTwoSeconds = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000)";

test("a registry whose event loop is blocked for two seconds evicts nobody, and still finds the one that is dead", async () => {
  const blocker = `data:text/javascript,process.on("SIGUSR2",()=>${blockForTwoSeconds})`;
  const bin = fileURLToPath(new URL("../packages/registry/src/bin.ts", import.meta.url));
  const registry = spawnProgram(process.execPath, {
    args: ["--import", blocker, bin, "--port", "0", "--json"],
    env: { ENMESH_REGISTRY_TOKEN: undefined },
  });
  const instances: ChurnInstance[] = [];
  try {
    const [, url = ""] = await registry.waitForLine(/(http:\/\/127\.0\.0\.1:\d+)/);
    const beating = { service: "orders", ttlMs: 1_500, everyMs: 400 };
    for (let at = 1; at <= 30; at++) instances.push(await ChurnInstance.start(url, { ...beating, id: `orders-${at}` }));
    await sleep(1_000);

    for (let times = 0; times < 3; times++) {
      registry.signal("SIGUSR2");
      await sleep(3_000);
    }
    const afterBlocks = eventsOf(registry.lines, "check.changed");
    instances[0]?.crash();
    await sleep(3_500);
    const line = new Line(url);
    const healthy = await line.ask("GET", "/v1/health/service/orders?passing");
    line.cut();

    expect(afterBlocks).toEqual([]);
    expect(eventsOf(registry.lines, "preservation.began")).toEqual([]);
    expect(JSON.parse(healthy.body)).toHaveLength(29);
  } finally {
    for (const instance of instances) instance.crash();
    await registry.destroy();
  }
});

function eventsOf(lines: readonly string[], type: string): string[] {
  return lines.filter((line) => line.includes(`"type":"${type}"`));
}
