import type { Registry } from "prom-client";
import { registerCollector, type Sample } from "./collectors.ts";
import type { Series, SeriesTable } from "./series.ts";

const requests = "istio_requests_total";
const duration = "istio_request_duration_milliseconds";
const noLabels = Object.freeze({});

/** Renders the series as Istio's two request metrics. */
export function registerIstioMetrics(registry: Registry, table: SeriesTable, bucketsMs: readonly number[]): void {
  const boundLabels = [...bucketsMs, "+Inf"].map((le) => Object.freeze({ le }));

  registerCollector(registry, {
    name: requests,
    help: "Requests, as their caller (source) and as their server (destination) counted them.",
    type: "counter",
    collect: () =>
      table.counted.map((series) => ({ value: series.total, labels: noLabels, sharedLabels: series.labels })),
  });
  registerCollector(registry, {
    name: duration,
    help: "Time from the request to the end of its answer, in milliseconds.",
    type: "histogram",
    collect: () => table.counted.flatMap((series) => histogramOf(series, boundLabels)),
  });
}

function histogramOf(series: Series, boundLabels: readonly { readonly le: number | string }[]): Sample[] {
  const { labels: sharedLabels, cells } = series;
  let total = 0;
  const samples: Sample[] = boundLabels.map((labels, bucket) => {
    total += cells[bucket] as number;
    return { metricName: `${duration}_bucket`, value: total, labels, sharedLabels };
  });
  samples.push({ metricName: `${duration}_sum`, value: series.sum, labels: noLabels, sharedLabels });
  samples.push({ metricName: `${duration}_count`, value: total, labels: noLabels, sharedLabels });
  return samples;
}
