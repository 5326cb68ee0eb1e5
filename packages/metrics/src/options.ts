import { type Identity, MeshError } from "@enmesh/core";
import type { Registry } from "prom-client";

export interface MetricsOptions {
  /** Who this process is: the source of its calls, the destination of its requests. */
  readonly identity: Identity;
  /** The prom-client registry to render into. @default a registry of its own */
  readonly registry?: Registry;
  /** Time series at most, overflow included; what comes later is counted in one overflow series per reporter. @default 2000 */
  readonly maxSeries?: number;
  /** Also collect prom-client's Node.js and process metrics. @default true */
  readonly defaultMetrics?: boolean;
  /** Upper bounds of the duration histogram, in milliseconds, growing. @default Envoy's nineteen, 0.5 to 3,600,000 */
  readonly bucketsMs?: readonly number[];
  /**
   * What `response_code` says of a call that got no answer: `"0"`, or the status a proxy would have answered with (503, 504, 404), so
   * that rules on `5..` see it too. @default "zero"
   */
  readonly unansweredAs?: "zero" | "status";
  /** The value of the cluster labels. @default "unknown" */
  readonly cluster?: string;
  /** What the server side says of its connections: `mutual_tls` when it demands client certificates. @default "none" */
  readonly connectionSecurity?: "mutual_tls" | "none" | "unknown";
}

/** Envoy's default histogram buckets, in milliseconds. */
export const envoyBucketsMs: readonly number[] = Object.freeze([
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
]);

export const metricsDefaults: Readonly<Required<Omit<MetricsOptions, "identity" | "registry">>> = Object.freeze({
  maxSeries: 2_000,
  defaultMetrics: true,
  bucketsMs: envoyBucketsMs,
  unansweredAs: "zero",
  cluster: "unknown",
  connectionSecurity: "none",
});

/** Options with every default filled in. */
export type CheckedMetricsOptions = Required<Omit<MetricsOptions, "registry">> & Pick<MetricsOptions, "registry">;

export function checkMetrics(options: MetricsOptions): CheckedMetricsOptions {
  const checked: CheckedMetricsOptions = { ...metricsDefaults, ...withoutUndefined(options) };
  const { maxSeries, bucketsMs } = checked;
  if (!Number.isInteger(maxSeries) || maxSeries < 4 || maxSeries > 100_000)
    throw invalid(`maxSeries must be 4 to 100000, got ${maxSeries}`);
  const grows = bucketsMs.every((bound, index) => Number.isFinite(bound) && bound > (bucketsMs[index - 1] ?? 0));
  if (bucketsMs.length === 0 || !grows)
    throw invalid(`bucketsMs must be positive and growing, got [${bucketsMs.join(", ")}]`);
  return checked;
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

function invalid(message: string): MeshError {
  return new MeshError("ENMESH_OPTION_INVALID", `metrics: ${message}`);
}
