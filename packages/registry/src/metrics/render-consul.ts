import type { Metric } from "./metric.ts";

/**
 * Writes metrics as Consul's agent does. Consul counts anew every ten seconds; here the counts are of the registry's whole
 * life, and `Rate` is per second of it.
 */
export function renderConsul(metrics: readonly Metric[], wallMs: number, upMs: number): object {
  const seconds = Math.max(upMs / 1_000, 1);
  const nameOf = ({ name }: Metric): string => `enmesh.registry.${name.replaceAll("_", ".")}`;
  return {
    Timestamp: `${new Date(wallMs).toISOString().slice(0, 19).replace("T", " ")} +0000 UTC`,
    Gauges: metrics.flatMap((metric) =>
      metric.kind === "gauge"
        ? metric.read().map(({ labels, value }) => ({ Name: nameOf(metric), Value: value, Labels: labels }))
        : [],
    ),
    Points: [],
    Counters: metrics.flatMap((metric) =>
      metric.kind === "counter"
        ? metric.read().map(({ labels, value }) => ({
            Name: nameOf(metric),
            Count: value,
            Rate: value / seconds,
            Sum: value,
            Min: value === 0 ? 0 : 1,
            Max: value === 0 ? 0 : 1,
            Mean: value === 0 ? 0 : 1,
            Stddev: 0,
            Labels: labels,
          }))
        : [],
    ),
    Samples: metrics.flatMap((metric) => {
      if (metric.kind !== "summary") return [];
      const { count, sum, min, max, mean, deviation } = metric.read();
      const figures = { Count: count, Rate: sum / seconds, Sum: sum, Min: min, Max: max, Mean: mean };
      return [{ Name: nameOf(metric), ...figures, Stddev: deviation, Labels: {} }];
    }),
  };
}
