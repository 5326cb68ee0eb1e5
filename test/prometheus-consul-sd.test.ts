import { startRegistry } from "@enmesh/registry";
import { afterEach, describe, expect, test } from "vitest";

import { prometheusBinary, startPrometheus, type Prometheus, type PrometheusTarget } from "./support/prometheus.ts";

type Registry = Awaited<ReturnType<typeof startRegistry>>;

const running: { registry?: Registry; prometheus?: Prometheus } = {};
afterEach(async () => {
  await running.prometheus?.stop();
  await running.registry?.close();
});

describe.skipIf(prometheusBinary() === undefined)("Prometheus finds its targets through the registry", () => {
  test("each instance with its tags, metadata and health, and each change within a refresh", async () => {
    const registry = (running.registry = await startRegistry({ port: 0, nodeName: "node-1" }));
    const put = async (path: string, body?: object): Promise<void> => {
      const { status } = await fetch(registry.url + path, { method: "PUT", body: JSON.stringify(body ?? {}) });
      expect([path, status]).toEqual([path, 200]);
    };
    await put("/v1/agent/service/register", {
      Name: "orders",
      ID: "orders-1",
      Address: "10.0.0.1",
      Port: 8080,
      Tags: ["blue"],
      Meta: { version: "v2" },
      Check: { TTL: "60s", Status: "passing" },
    });
    await put("/v1/catalog/register", {
      Node: "db-host",
      Address: "10.0.0.9",
      NodeMeta: { rack: "r1" },
      Service: { Service: "database", Port: 5432 },
    });

    const prometheus = (running.prometheus = await startPrometheus({
      scrape_configs: [
        {
          job_name: "services",
          consul_sd_configs: [{ server: registry.url.replace("http://", ""), refresh_interval: "1s" }],
          // Everything but the registry itself.
          relabel_configs: [{ source_labels: ["__meta_consul_service"], regex: "consul", action: "drop" }],
        },
      ],
    }));
    const first = await prometheus.targetsWhen((targets) => targets.length === 2);
    await put("/v1/agent/service/register", { Name: "orders", ID: "orders-2", Address: "10.0.0.2", Port: 8081 });
    const grown = await prometheus.targetsWhen((targets) => targets.length === 3);
    await put("/v1/agent/check/fail/service:orders-1");
    const failing = await prometheus.targetsWhen((targets) => healthOf(targets, "10.0.0.1:8080") === "critical");
    await put("/v1/agent/service/deregister/orders-1");
    const shrunk = await prometheus.targetsWhen((targets) => targets.length === 2);

    expect(first.map(({ scrapeUrl }) => scrapeUrl).toSorted()).toEqual([
      "http://10.0.0.1:8080/metrics",
      "http://10.0.0.9:5432/metrics",
    ]);
    expect(first.find(({ scrapeUrl }) => scrapeUrl.includes("8080"))?.discoveredLabels).toMatchObject({
      __meta_consul_dc: "dc1",
      __meta_consul_node: "node-1",
      __meta_consul_service_id: "orders-1",
      __meta_consul_service_metadata_version: "v2",
      __meta_consul_tags: ",blue,",
      __meta_consul_health: "passing",
    });
    expect(grown.map(addressOf)).toContain("10.0.0.2:8081");
    expect(healthOf(failing, "10.0.0.2:8081")).toBe("passing");
    expect(new Set(shrunk.map(addressOf))).toEqual(new Set(["10.0.0.2:8081", "10.0.0.9:5432"]));
  });
});

function addressOf({ discoveredLabels }: PrometheusTarget): string | undefined {
  return discoveredLabels["__address__"];
}

function healthOf(targets: readonly PrometheusTarget[], address: string): string | undefined {
  return targets.find((target) => addressOf(target) === address)?.discoveredLabels["__meta_consul_health"];
}
