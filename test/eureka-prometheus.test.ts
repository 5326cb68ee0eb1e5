import { startRegistry } from "@enmesh/registry";
import { afterEach, describe, expect, test } from "vitest";

import { prometheusBinary, startPrometheus, type PrometheusTarget } from "./support/prometheus.ts";

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

describe.skipIf(prometheusBinary() === undefined)("Prometheus finds its targets through the Eureka API", () => {
  test("instances of both APIs with their metadata and status, and each change within a refresh", async () => {
    const registry = await startRegistry({ port: 0 });
    endings.push(() => registry.close());
    await fetch(`${registry.url}/eureka/apps/stock`, { method: "POST", body: JSON.stringify({ instance: stock }) });
    const orders = { Name: "orders", ID: "orders-1", Address: "10.0.0.7", Port: 8080, Meta: { zone: "b" } };
    await fetch(`${registry.url}/v1/agent/service/register`, { method: "PUT", body: JSON.stringify(orders) });

    const prometheus = await startPrometheus({
      scrape_configs: [
        { job_name: "all", eureka_sd_configs: [{ server: `${registry.url}/eureka`, refresh_interval: "1s" }] },
      ],
    });
    endings.push(() => prometheus.stop());
    const first = await prometheus.targetsWhen((targets) => targets.length === 2);
    await fetch(`${registry.url}/eureka/apps/stock/stock-1/status?value=DOWN`, { method: "PUT" });
    const down = await prometheus.targetsWhen((targets) => statusOf(targets, "STOCK") === "DOWN");
    await fetch(`${registry.url}/eureka/apps/stock/stock-1`, { method: "DELETE" });
    const shrunk = await prometheus.targetsWhen((targets) => targets.length === 1);

    expect(first.map(({ scrapeUrl }) => scrapeUrl).toSorted()).toEqual([
      "http://10.0.0.7:8080/metrics",
      "http://stock-host:81/metrics",
    ]);
    expect(labelsOf(first, "STOCK")).toMatchObject({
      __meta_eureka_app_instance_id: "stock-1",
      __meta_eureka_app_instance_ip_addr: "10.0.0.9",
      __meta_eureka_app_instance_metadata_rack_id: "r1",
      __meta_eureka_app_instance_port_enabled: "true",
      __meta_eureka_app_instance_status: "UP",
    });
    expect(labelsOf(first, "ORDERS")).toMatchObject({ __meta_eureka_app_instance_metadata_zone: "b" });
    expect(statusOf(down, "ORDERS")).toBe("UP");
    expect(shrunk).toHaveLength(1);
  });
});

const stock = {
  instanceId: "stock-1",
  hostName: "stock-host",
  app: "STOCK",
  ipAddr: "10.0.0.9",
  port: 81,
  dataCenterInfo: { name: "MyOwn" },
  metadata: { "rack-id": "r1" },
};

function labelsOf(targets: readonly PrometheusTarget[], app: string): Readonly<Record<string, string>> | undefined {
  return targets.find(({ discoveredLabels }) => discoveredLabels["__meta_eureka_app_name"] === app)?.discoveredLabels;
}

function statusOf(targets: readonly PrometheusTarget[], app: string): string | undefined {
  return labelsOf(targets, app)?.["__meta_eureka_app_instance_status"];
}
