export { createMetrics, type Metrics } from "./metrics.ts";
export { envoyBucketsMs, metricsDefaults, type MetricsOptions } from "./options.ts";
export { istioLabelNames, type IstioLabels } from "./labels.ts";
export type { EdgeSnapshot, MetricsSnapshot } from "./snapshot.ts";
