import type { Registry } from "prom-client";

/** One line of an exposition, in the shape prom-client renders. */
export interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
  /** Labels that many lines share: prom-client keeps their text. Must be the same object at every scrape. */
  readonly sharedLabels?: Readonly<Record<string, string>>;
}

export interface Collector {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** Reads the current values. Called once per scrape. */
  readonly collect: () => Sample[];
}

/**
 * Adds metrics to a prom-client registry that are read when it is scraped. A registry only ever calls `get`,
 * `getForPromString` and `reset`, so that no Counter or Histogram object, and none of its hashing, stands on the path of a call.
 */
export function registerCollector(registry: Registry, collector: Collector): void {
  const { name, help, type, collect } = collector;
  const metric = {
    name,
    help,
    type,
    aggregator: "sum",
    getForPromString: () => Promise.resolve({ name, help, type, aggregator: "sum", values: collect() }),
    get: () => Promise.resolve({ name, help, type, aggregator: "sum", values: collect().map(withAllLabels) }),
    // What was counted belongs to the process: `registry.resetMetrics()` leaves it.
    reset: () => {},
  };
  registry.registerMetric(metric as unknown as Parameters<Registry["registerMetric"]>[0]);
}

function withAllLabels({ sharedLabels, labels, ...sample }: Sample): Sample {
  return { ...sample, labels: { ...labels, ...sharedLabels } };
}
