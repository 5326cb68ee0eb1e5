import { type InboundRecord, type Peer, flagsOfRefusal, noFlags } from "@enmesh/core";
import type { EdgeBook } from "./edge-book.ts";
import { type EdgeLabels, safeName, unknown, type Workload } from "./labels.ts";
import type { CheckedMetricsOptions } from "./options.ts";
import type { Self } from "./self.ts";

/**
 * Counts every request that this process answered, as the server saw it: with Istio's `reporter="destination"`. The caller
 * is what it says it is: names that do not look like names become `unknown`.
 */
export function inboundMetrics(
  options: CheckedMetricsOptions,
  self: Self,
  book: EdgeBook,
): (record: InboundRecord) => void {
  const { connectionSecurity, cluster } = options;

  function labelsFrom(source: Workload): EdgeLabels {
    return { reporter: "destination", source, destination: self.workload, service: self.service, connectionSecurity };
  }

  return (record) => {
    const { service, version, namespace } = record.peer ?? nobody;
    const edge = book.find(service, version, namespace, () =>
      labelsFrom({
        service: safeName(service),
        version: safeName(version),
        namespace: safeName(namespace),
        cluster: record.peer === undefined ? unknown : cluster,
      }),
    );
    edge.count(record.status, flagsOf(record), record.durationMs);
  };
}

const nobody: Peer = Object.freeze({ service: unknown, version: unknown, namespace: unknown });

function flagsOf({ isAborted, refusedWith }: InboundRecord): string {
  if (refusedWith !== undefined) return flagsOfRefusal(refusedWith);
  return isAborted ? "DC" : noFlags;
}
