import type { Edge } from "./edge.ts";
import type { EdgeBook } from "./edge-book.ts";
import { quantile } from "./quantile.ts";

/** An edge in plain numbers, counted since the process started. */
export interface EdgeSnapshot {
  /** Who calls. */
  readonly source: string;
  /** The service that is called. */
  readonly destination: string;
  /** The version that answered; `unknown` where nobody did. */
  readonly version: string;
  readonly namespace: string;
  readonly requests: number;
  /** Answers of 5xx, and calls that got none; calls that their caller gave up are not among them. */
  readonly failures: number;
  /** From 0 to 1; 1 while there were no requests. */
  readonly successRate: number;
  readonly retries: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Requests by `200`, `503`, `0 UH`. */
  readonly byResult: Readonly<Record<string, number>>;
}

export interface MetricsSnapshot {
  /** Calls of this process. */
  readonly outbound: readonly EdgeSnapshot[];
  /** Requests to this process. */
  readonly inbound: readonly EdgeSnapshot[];
  /** Outbound calls under way. */
  readonly inFlight: number;
  /** Time series in use. */
  readonly series: number;
}

export function edgesOf(book: EdgeBook, bounds: readonly number[]): EdgeSnapshot[] {
  return [...book.edges, book.overflow]
    .map((edge) => edgeSnapshot(edge, bounds))
    .filter(({ requests }) => requests > 0);
}

function edgeSnapshot(edge: Edge, bounds: readonly number[]): EdgeSnapshot {
  const counts = new Float64Array(bounds.length + 1);
  const byResult: Record<string, number> = {};
  let requests = 0;
  let failures = 0;
  for (const { cells, status, flags, total, labels } of edge.series) {
    for (let bucket = 0; bucket < counts.length; bucket++)
      counts[bucket] = (counts[bucket] as number) + (cells[bucket] as number);
    const result = flags === "-" ? labels.response_code : `${labels.response_code} ${flags}`;
    byResult[result] = (byResult[result] ?? 0) + total;
    requests += total;
    if (isFailure(status, flags, labels.response_code)) failures += total;
  }
  const { source, destination, service } = edge.labels;
  return {
    source: source.service,
    destination: service.name,
    version: destination.version,
    namespace: service.namespace,
    requests,
    failures,
    successRate: requests === 0 ? 1 : 1 - failures / requests,
    retries: edge.retries,
    p50Ms: quantile(0.5, counts, bounds),
    p95Ms: quantile(0.95, counts, bounds),
    p99Ms: quantile(0.99, counts, bounds),
    byResult,
  };
}

function isFailure(status: number, flags: string, code: string): boolean {
  if (code === "unknown") return false;
  return status >= 500 || (status === 0 && flags !== "DC");
}
