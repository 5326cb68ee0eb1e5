import { scripted } from "@enmesh/core/simulation";
import { describe, expect, test } from "vitest";
import { parseExposition } from "../test/exposition.ts";
import { world } from "../test/world.ts";

describe("the metrics of the mesh itself", () => {
  test("count retries and calls under way", async () => {
    const { metrics, simulation } = world(scripted([503, 200], 5));

    simulation.one();
    simulation.start();

    const lines = parseExposition(await metrics.render());
    expect(lines).toContainEqual({
      name: "enmesh_retries_total",
      labels: { destination_service_name: "orders" },
      value: 1,
    });
    expect(lines).toContainEqual({ name: "enmesh_inflight", labels: { direction: "outbound" }, value: 1 });
  });

  test("count ejections and show breakers, as policies report them", async () => {
    const { metrics, simulation } = world(scripted([200]));
    const stop = metrics.listen(simulation.runtime.events);
    const report = (type: string, fields: object): void => simulation.runtime.events.report({ type, ...fields });

    report("outlier.ejected", { reason: "silent" });
    report("outlier.ejected", { reason: "silent" });
    report("breaker.opened", { destination: "orders|v2" });
    report("breaker.opened", { destination: "stock" });
    report("breaker.half_open", { destination: "stock" });
    stop();
    report("breaker.closed", { destination: "orders|v2" });

    const lines = parseExposition(await metrics.render());
    expect(lines).toContainEqual({ name: "enmesh_ejections_total", labels: { reason: "silent" }, value: 2 });
    expect(lines).toContainEqual({ name: "enmesh_events_total", labels: { type: "breaker.opened" }, value: 2 });
    expect(lines).toContainEqual({ name: "enmesh_breaker_state", labels: { destination: "orders|v2" }, value: 1 });
    expect(lines).toContainEqual({ name: "enmesh_breaker_state", labels: { destination: "stock" }, value: 0.5 });
    expect(lines).toContainEqual({
      name: "envoy_cluster_circuit_breakers_cx_open",
      labels: { envoy_cluster_name: "orders|v2" },
      value: 1,
    });
    expect(lines).toContainEqual({
      name: "envoy_cluster_circuit_breakers_cx_open",
      labels: { envoy_cluster_name: "stock" },
      value: 0,
    });
  });
});
