import { scripted } from "@enmesh/core/simulation";
import { Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import { parseExposition } from "../test/exposition.ts";
import { record, requestsOf, world } from "../test/world.ts";

describe("the registry", () => {
  test("may be the user's, with the user's metrics and default labels in it", async () => {
    const registry = new Registry();
    registry.setDefaultLabels({ region: "eu" });
    const { metrics, simulation } = world(scripted([200]), { registry, defaultMetrics: true });

    simulation.one();

    const lines = parseExposition(await registry.metrics());
    expect(lines.find(({ name }) => name === "istio_requests_total")?.labels).toMatchObject({
      region: "eu",
      response_code: "200",
    });
    expect(lines.some(({ name }) => name === "nodejs_heap_size_total_bytes")).toBe(true);
    expect(await metrics.render()).toContain("istio_requests_total");
    expect(metrics.contentType).toBe(Registry.PROMETHEUS_CONTENT_TYPE);
  });

  test("whose owner collects the default metrics already is left to it", () => {
    const registry = new Registry();

    world(scripted([200]), { registry, defaultMetrics: true });
    registry.removeSingleMetric("istio_requests_total");
    for (const { name } of registry.getMetricsAsArray().filter(({ name: of }) => /^(istio|enmesh|envoy)_/.test(of)))
      registry.removeSingleMetric(name);

    expect(() => world(scripted([200]), { registry, defaultMetrics: true })).not.toThrow();
  });

  test("answers as JSON too, with all labels, for cluster aggregation", async () => {
    const { metrics, simulation } = world(scripted([200]));

    simulation.one();

    const json = await metrics.registry.getMetricsAsJSON();
    expect(json.find(({ name }) => name === "istio_requests_total")).toMatchObject({
      type: "counter",
      values: [{ value: 1, labels: { destination_service_name: "orders" } }],
    });
  });

  test("that is reset keeps what was counted: counters never fall", async () => {
    const { metrics, simulation } = world(scripted([200]));

    simulation.one();
    metrics.registry.resetMetrics();

    expect((await requestsOf(metrics))[0]?.value).toBe(1);
  });
});

describe("the snapshot", () => {
  test("gives each edge in plain numbers", () => {
    const statuses = [200, 200, 200, 500, 500];
    const { metrics, simulation } = world(scripted(statuses, 7));

    simulation.many(4, 100);
    metrics.inbound(record);

    const { outbound, inbound, inFlight } = metrics.snapshot();
    expect(outbound).toEqual([
      expect.objectContaining({
        source: "web",
        destination: "orders",
        version: "2.0.0",
        requests: 4,
        failures: 1,
        successRate: 0.75,
        retries: 1,
      }),
    ]);
    expect(outbound[0]?.byResult).toEqual({ "200": 3, "500 URX": 1 });
    expect(outbound[0]?.p50Ms).toBeGreaterThan(5);
    expect(outbound[0]?.p50Ms).toBeLessThanOrEqual(10);
    expect(inbound).toEqual([
      expect.objectContaining({ source: "gateway", destination: "web", requests: 1, failures: 0 }),
    ]);
    expect(inFlight).toBe(0);
  });

  test("does not call it a failure when the caller went away", () => {
    const { metrics, simulation } = world(() => ({ fails: "cancelled" }));

    simulation.one();

    expect(metrics.snapshot().outbound[0]).toMatchObject({
      requests: 1,
      failures: 0,
      successRate: 1,
      byResult: { "0 DC": 1 },
    });
  });
});
