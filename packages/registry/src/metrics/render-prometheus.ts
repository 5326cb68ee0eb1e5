import type { Labels, Metric } from "./metric.ts";

/** Writes metrics in Prometheus' text form, version 0.0.4. */
export function renderPrometheus(metrics: readonly Metric[]): string {
  return metrics.map(renderMetric).join("");
}

function renderMetric(metric: Metric): string {
  const name = `enmesh_registry_${metric.name}${metric.kind === "counter" ? "_total" : ""}`;
  const head = `# HELP ${name} ${metric.help}\n# TYPE ${name} ${metric.kind}\n`;
  if (metric.kind !== "summary") {
    return (
      head +
      metric
        .read()
        .map(({ labels, value }) => `${name}${renderLabels(labels)} ${value}\n`)
        .join("")
    );
  }
  const { sum, count } = metric.read();
  return `${head}${name}_sum ${sum}\n${name}_count ${count}\n`;
}

function renderLabels(labels: Labels): string {
  // A sentence would make a new time series each time it is worded anew: it stands in the JSON form.
  const named = Object.entries(labels).filter(([name]) => name !== "reason");
  const pairs = named.map(([name, value]) => `${name}="${escape(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escape(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
