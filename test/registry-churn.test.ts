import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import type { MeshEvent } from "@enmesh/core";
import { startRegistry } from "@enmesh/registry";
import { expect, test } from "vitest";

import { ChurnInstance, Line, Watcher } from "./support/registry-churn.ts";
import { pause } from "./support/traffic.ts";

const churnMs = Number(process.env["ENMESH_CHURN_SECONDS"] ?? 20) * 1_000;
const ttlMs = 2_000;
const instances = 200;
const services = Array.from({ length: 8 }, (_, at) => `service-${at}`);

test(
  `200 instances that come, crash and drain for ${churnMs / 1_000} s: every watcher ends with the truth, and nothing is left behind`,
  { timeout: churnMs + 120_000 },
  async () => {
    const events: MeshEvent[] = [];
    const kept = new Set(["preservation.began", "request.failed", "store.failed"]);
    const registry = await startRegistry({
      port: 0,
      onEvent: (event) => void (kept.has(event.type) && events.push(event)),
    });
    try {
      // Code that has never run makes the heap grow once: let it, before anything is compared.
      await churn(registry.url, 3_000);
      const before = await leftovers(registry.url);

      const result = await churn(registry.url, churnMs);
      const after = await leftovers(registry.url);

      expect(result.views.map(({ healthy }) => healthy)).toEqual(result.views.map(({ truth }) => truth));
      expect(result.crashed).toBeGreaterThan(churnMs / 500);
      expect(result.drained).toBeGreaterThan(churnMs / 500);
      expect(result.stayed).toBe(instances);
      expect(after.counts).toEqual({ services: 0, checks: 0, leases: 0, watchers: 0 });
      expect(after.sockets).toBeLessThanOrEqual(before.sockets);
      expect(after.timers).toBeLessThanOrEqual(before.timers);
      expect(after.heapBytes - before.heapBytes).toBeLessThan(4 * 1_048_576);
      expect(events).toEqual([]);
    } finally {
      await registry.close();
    }
  },
);

async function churn(url: string, forMs: number) {
  const alive = new Set<ChurnInstance>();
  const gone: string[] = [];
  const watchers = services.flatMap((service) => [
    new Watcher(url, service),
    new Watcher(url, service),
    new Watcher(url, service),
  ]);
  let [born, crashed, drained] = [0, 0, 0];

  const fill = async (): Promise<void> => {
    const starting: Promise<ChurnInstance>[] = [];
    for (let missing = instances - alive.size; missing > 0; missing--) {
      const service = services[born % services.length] as string;
      starting.push(ChurnInstance.start(url, { service, id: `${service}-${++born}`, ttlMs, everyMs: 500 }));
    }
    for (const instance of await Promise.all(starting)) alive.add(instance);
  };
  /** In turn, so that no service loses several at once: that is what self-preservation would doubt. */
  const oldestOf = (turn: number): ChurnInstance => {
    const service = services[turn % services.length];
    return [...alive].find((instance) => instance.service === service) as ChurnInstance;
  };

  await fill();
  for (const until = performance.now() + forMs; performance.now() < until; await pause(250)) {
    const crashing = oldestOf(crashed);
    alive.delete(crashing);
    if (crashed % 3 === 2) await pause(150);
    crashing.crash();
    gone.push(crashing.id);
    crashed += 1;
    const draining = oldestOf(drained + 4);
    alive.delete(draining);
    await draining.drain();
    drained += 1;
    await fill();
  }

  // Who crashed last is found out after a TTL.
  await pause(ttlMs + 2_000);
  const truthOf = (name: string): string[] =>
    [...alive].flatMap(({ service, id }) => (service === name ? [id] : [])).toSorted();
  const views = watchers.map(({ service, healthy }) => ({ service, healthy, truth: truthOf(service) }));
  const stayed = alive.size;

  await Promise.all([...alive].map((instance) => instance.drain()));
  const line = new Line(url);
  // The registry keeps the crashed for a minute at least; we are in a hurry.
  for (const id of gone) await line.ask("PUT", `/v1/agent/service/deregister/${id}`);
  line.cut();
  await Promise.all(watchers.map((watcher) => watcher.stop()));
  return { views, crashed, drained, stayed };
}

/** What the process holds, once all that can go is gone. Registry and clients share it, so each would be seen. */
async function leftovers(url: string) {
  await pause(1_500);
  const { Gauges } = (await (await fetch(`${url}/v1/agent/metrics`, { headers: { connection: "close" } })).json()) as {
    readonly Gauges: { readonly Name: string; readonly Value: number }[];
  };
  const counts = Object.fromEntries(
    ["services", "checks", "leases", "watchers"].map((name) => [
      name,
      Gauges.find(({ Name }) => Name === `enmesh.registry.${name}`)?.Value,
    ]),
  );
  await pause(500);
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  await pause(100);
  collect();
  const resources = process.getActiveResourcesInfo();
  return {
    counts,
    sockets: resources.filter((name) => name === "TCPSocketWrap").length,
    timers: resources.filter((name) => name === "Timeout").length,
    heapBytes: process.memoryUsage().heapUsed,
  };
}
