import { type Call, Destination, type InboundRecord, type Policy, type RoutedCall } from "@enmesh/core";
import { simulate, simulatedEndpoint, type Simulation, type Upstream } from "@enmesh/core/simulation";
import { createMetrics, type Metrics, type MetricsOptions } from "../src/index.ts";
import { type Line, parseExposition } from "./exposition.ts";

export const identity = { service: "web", instanceId: "web-1", version: "1.2.0", namespace: "shop" };
const again = { name: "retry", again: (call: Call) => (call.attempt < 2 ? 10 : undefined) };

export interface World {
  readonly metrics: Metrics;
  readonly simulation: Simulation;
}

/** Calls of `web` to `orders`, version 2. */
export function world(upstream: Upstream, options: Partial<MetricsOptions> = {}, ...more: Policy<RoutedCall>[]): World {
  const endpoint = simulatedEndpoint("orders-1", { version: "2.0.0" }, "orders");
  const simulation = simulate(upstream, { destination: new Destination("orders", "v2"), endpoint });
  const metrics = createMetrics({ identity, defaultMetrics: false, ...options });
  simulation.through(metrics.outbound, ...more, again);
  return { metrics, simulation };
}

/** The lines of `istio_requests_total`. */
export async function requestsOf(metrics: Metrics): Promise<Line[]> {
  return parseExposition(await metrics.render()).filter(({ name }) => name === "istio_requests_total");
}

/** A request that went well. */
export const record: InboundRecord = {
  method: "GET",
  path: "/orders/7",
  route: "/orders/:id",
  status: 200,
  durationMs: 12,
  peer: { service: "gateway", version: "3.1.0", namespace: "edge" },
  trace: { traceId: "1".repeat(32), spanId: "2".repeat(16), isSampled: false, traceState: undefined },
  requestId: "r-1",
  attempt: 1,
  isAborted: false,
  refusedWith: undefined,
};
