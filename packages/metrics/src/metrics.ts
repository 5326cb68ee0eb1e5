import type { Call, EventChannel, InboundRecord, Policy } from "@enmesh/core";
import { collectDefaultMetrics, Registry } from "prom-client";
import { registerCollector } from "./collectors.ts";
import { EdgeBook } from "./edge-book.ts";
import { EventMetrics } from "./event-metrics.ts";
import { inboundMetrics } from "./inbound.ts";
import { registerIstioMetrics } from "./istio-metrics.ts";
import { checkMetrics, type MetricsOptions } from "./options.ts";
import { type InFlight, outboundMetrics } from "./outbound.ts";
import { responseCodes } from "./response-code.ts";
import { selfOf } from "./self.ts";
import { SeriesTable } from "./series.ts";
import { edgesOf, type MetricsSnapshot } from "./snapshot.ts";

export interface Metrics {
  /** Counts calls. Stands outermost: it sees what the caller sees. */
  readonly outbound: Policy<Call>;
  /** Counts one answered request. */
  readonly inbound: (record: InboundRecord) => void;
  /** Starts counting what policies report; the returned function stops it. */
  readonly listen: (events: EventChannel) => () => void;
  /** Everything as text, for a scrape. */
  readonly render: () => Promise<string>;
  /** The content type of that text. */
  readonly contentType: string;
  /** The registry: add your own metrics to it. */
  readonly registry: Registry;
  /** Every edge in plain numbers, for a state page. */
  readonly snapshot: () => MetricsSnapshot;
}

/**
 * Counts calls and requests in plain arrays and renders them as Istio's metrics into a prom-client registry when it is scraped.
 *
 * @throws MeshError `ENMESH_OPTION_INVALID`
 * @example
 * ```ts
 * import { createMetrics } from "@enmesh/metrics";
 *
 * const metrics = createMetrics({
 *   identity: { service: "web", instanceId: "web-1", version: "1.0.0", namespace: "shop" },
 *   defaultMetrics: false,
 * });
 * console.log(await metrics.render());
 * ```
 */
export function createMetrics(options: MetricsOptions): Metrics {
  const checked = checkMetrics(options);
  const { bucketsMs, maxSeries, connectionSecurity } = checked;
  const registry = checked.registry ?? new Registry();
  const self = selfOf(checked);
  const inFlight: InFlight = { outbound: 0 };
  const table = new SeriesTable({ maxSeries, bucketsMs, codeOf: responseCodes(checked.unansweredAs) });
  const outboundBook = new EdgeBook(table, "source", self.workload, self.service, "unknown");
  const inboundBook = new EdgeBook(table, "destination", self.workload, self.service, connectionSecurity);
  const eventMetrics = new EventMetrics();

  registerIstioMetrics(registry, table, bucketsMs);
  registerRetries(registry, outboundBook);
  registerInFlight(registry, inFlight);
  eventMetrics.register(registry);
  if (checked.defaultMetrics && registry.getSingleMetric(oneDefaultMetric) === undefined)
    collectDefaultMetrics({ register: registry });

  return {
    outbound: outboundMetrics(checked, self, outboundBook, inFlight),
    inbound: inboundMetrics(checked, self, inboundBook),
    listen: (events) => eventMetrics.listen(events),
    render: () => registry.metrics(),
    contentType: registry.contentType,
    registry,
    snapshot: () => ({
      outbound: edgesOf(outboundBook, bucketsMs),
      inbound: edgesOf(inboundBook, bucketsMs),
      inFlight: inFlight.outbound,
      series: table.all.length,
    }),
  };
}

/** When it is there, the owner of the registry collects the default metrics already. */
const oneDefaultMetric = "process_cpu_user_seconds_total";

function registerRetries(registry: Registry, book: EdgeBook): void {
  registerCollector(registry, {
    name: "enmesh_retries_total",
    help: "Attempts beyond the first, by destination.",
    type: "counter",
    collect: () => {
      const byDestination = new Map<string, number>();
      for (const { labels, retries } of [...book.edges, book.overflow]) {
        if (retries > 0)
          byDestination.set(labels.service.name, (byDestination.get(labels.service.name) ?? 0) + retries);
      }
      return [...byDestination].map(([name, value]) => ({ value, labels: { destination_service_name: name } }));
    },
  });
}

function registerInFlight(registry: Registry, inFlight: InFlight): void {
  registerCollector(registry, {
    name: "enmesh_inflight",
    help: "Calls of this process that are under way.",
    type: "gauge",
    collect: () => [{ value: inFlight.outbound, labels: { direction: "outbound" } }],
  });
}
