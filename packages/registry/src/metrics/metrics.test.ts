import { createRuntime, EventChannel } from "@enmesh/core";
import { VirtualTime } from "@enmesh/core/simulation";
import { expect, test } from "vitest";

import { Agent } from "../agent/agent.ts";
import type { Answer } from "../http/exchange.ts";
import { memoryJournal } from "../log/journal.ts";
import type { Check } from "../model/check.ts";
import type { Service } from "../model/service.ts";
import { Store } from "../state/store.ts";
import { metricsRoutes } from "./metrics-routes.ts";
import { RegistryMetrics } from "./registry-metrics.ts";

test("in Prometheus' form every metric has its help, its type and its numbers", () => {
  const { counted, prometheus } = world();
  counted.countRequest("/v1/kv/*", 200);
  counted.countRequest("/v1/kv/*", 200);
  counted.countRequest("/v1/kv/*", 404);
  counted.syncs.add(2);
  counted.syncs.add(4);

  const text = prometheus();

  expect(text).toContain(
    "# HELP enmesh_registry_leases Checks that are kept by beats.\n# TYPE enmesh_registry_leases gauge\n",
  );
  expect(text).toContain("\nenmesh_registry_leases 10\n");
  expect(text).toContain("\nenmesh_registry_beats_total 10\n");
  expect(text).toContain('\nenmesh_registry_requests_total{route="/v1/kv/*",status="200"} 2\n');
  expect(text).toContain('\nenmesh_registry_requests_total{route="/v1/kv/*",status="404"} 1\n');
  expect(text).toContain("\nenmesh_registry_sync_milliseconds_sum 6\nenmesh_registry_sync_milliseconds_count 2\n");
  for (const line of text.trimEnd().split("\n"))
    expect(line).toMatch(
      /^(# (HELP|TYPE) enmesh_registry_\w+ .+|enmesh_registry_\w+(\{(\w+="[^"]*",?)+\})? -?[\d.e+]+)$/,
    );
});

test("in Consul's form they stand under Gauges, Counters and Samples", () => {
  const { counted, consul } = world();
  counted.syncs.add(2);
  counted.syncs.add(4);

  const shape = consul();

  expect(Object.keys(shape)).toEqual(["Timestamp", "Gauges", "Points", "Counters", "Samples"]);
  expect(shape["Timestamp"]).toMatch(/^2026-01-01 00:00:\d\d \+0000 UTC$/);
  expect(shape["Gauges"]).toContainEqual({ Name: "enmesh.registry.leases", Value: 10, Labels: {} });
  expect(shape["Counters"]).toContainEqual(expect.objectContaining({ Name: "enmesh.registry.beats", Count: 10 }));
  expect(shape["Samples"]).toEqual([
    {
      Name: "enmesh.registry.sync.milliseconds",
      Count: 2,
      Rate: 1.2,
      Sum: 6,
      Min: 2,
      Max: 4,
      Mean: 3,
      Stddev: 1,
      Labels: {},
    },
  ]);
});

test("evictions that are withheld are told with their reason, which is no label of a time series", () => {
  const { time, consul, prometheus } = world();

  time.advance(10_000);

  expect(consul()["Gauges"]).toContainEqual({
    Name: "enmesh.registry.held.leases",
    Value: 10,
    Labels: { service: "orders", zone: "", reason: expect.stringMatching(/^10 of 10 instances of orders fell silent/) },
  });
  expect(prometheus()).toContain('\nenmesh_registry_held_leases{service="orders",zone=""} 10\n');
  expect(prometheus()).toContain("\nenmesh_registry_evictions_withheld_total 10\n");
  expect(prometheus()).toContain('\nenmesh_registry_events_total{type="preservation.began"} 1\n');
});

test("what clients choose makes no time series: neither events of others, nor quotes and line feeds that end a label", () => {
  const { counted, prometheus } = world();

  counted.countEvent({ type: "check.invented" });
  counted.countRequest('/v1/"x"\n*', 200);

  expect(prometheus()).not.toContain("invented");
  expect(prometheus()).toContain('{route="/v1/\\"x\\"\\n*",status="200"} 1\n');
});

/** Ten instances that have beaten once, five seconds in the life of a registry. */
function world() {
  const time = new VirtualTime();
  const events = new EventChannel();
  const runtime = createRuntime({ clock: time, timers: time, events });
  const store = new Store();
  const agent = new Agent(runtime, store);
  const counted = new RegistryMetrics();
  events.listen((event) => counted.countEvent(event));
  const [route] = metricsRoutes({ runtime, store, agent, journal: memoryJournal, counted });
  for (let at = 0; at < 10; at++) {
    const service = { id: `orders-${at}`, name: "orders", tags: [], meta: null } as unknown as Service;
    const check = {
      id: `beat-${at}`,
      name: "beat",
      notes: "",
      status: "critical",
      type: "ttl",
      ttlMs: 10_000,
      deregisterAfterMs: 0,
    };
    agent.registerService(service, [check as unknown as Check]);
    agent.beat(check.id, "passing", "");
  }
  time.advance(5_000);
  const get = (query: string): string =>
    String((route?.handlers.GET?.({ query: new URLSearchParams(query) } as never) as Answer | undefined)?.body);
  return {
    time,
    counted,
    prometheus: () => get("format=prometheus"),
    consul: () => JSON.parse(get("")) as Record<string, unknown>,
  };
}
