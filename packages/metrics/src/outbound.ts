import {
  type Call,
  type Destination,
  type Endpoint,
  type Instance,
  type Outcome,
  type Policy,
  Slot,
  responseFlags,
} from "@enmesh/core";
import type { EdgeBook } from "./edge-book.ts";
import type { Edge } from "./edge.ts";
import { type EdgeLabels, serviceName, unknown, type Workload } from "./labels.ts";
import type { CheckedMetricsOptions } from "./options.ts";
import type { Self } from "./self.ts";

/** Calls under way, for the gauge. */
export interface InFlight {
  outbound: number;
}

/** The edge of an endpoint, as long as neither its instance nor the service it stands for changes. */
interface Cached {
  readonly instance: Instance;
  readonly service: string;
  readonly edge: Edge;
}

/**
 * Counts every call of this process once, as its caller saw it: with Istio's `reporter="source"`. The edge is looked up once
 * per endpoint and kept on it.
 */
export function outboundMetrics(
  options: CheckedMetricsOptions,
  self: Self,
  book: EdgeBook,
  inFlight: InFlight,
): Policy<Call> {
  const onEndpoint = new Slot<Cached>("place");
  const onDestination = new Slot<Edge>("place");
  const nowhere = book.find(unknown, "", "", () =>
    labelsTo(unreached, { name: unknown, namespace: unknown, host: unknown }),
  );

  function labelsTo(destination: Workload, service: EdgeLabels["service"]): EdgeLabels {
    return { reporter: "source", source: self.workload, destination, service, connectionSecurity: unknown };
  }

  function edgeToEndpoint(endpoint: Endpoint, service: string): Edge {
    const cached = onEndpoint.get(endpoint);
    if (cached !== undefined && cached.instance === endpoint.instance && cached.service === service) return cached.edge;
    const { instance } = endpoint;
    const name = serviceName(service, self.workload.namespace);
    const version = instance.version ?? instance.labels["version"] ?? unknown;
    const namespace = instance.labels["namespace"] ?? name.namespace;
    const workload = { service: instance.service, version, namespace, cluster: options.cluster };
    const edge = book.find(service, version, namespace, () => labelsTo(workload, name));
    onEndpoint.set(endpoint, { instance, service, edge });
    return edge;
  }

  function edgeToNobody(destination: Destination): Edge {
    const cached = onDestination.get(destination);
    if (cached !== undefined) return cached;
    const { service } = destination;
    const edge = book.find(service, "", "", () => labelsTo(unreached, serviceName(service, self.workload.namespace)));
    onDestination.set(destination, edge);
    return edge;
  }

  return {
    name: "metrics",
    admit: () => {
      inFlight.outbound += 1;
      return undefined;
    },
    settle: (call, outcome) => {
      inFlight.outbound -= 1;
      const { destination, endpoint } = call;
      let edge = nowhere;
      if (destination !== undefined) {
        edge =
          endpoint !== undefined && hasReached(call, outcome)
            ? edgeToEndpoint(endpoint, destination.service)
            : edgeToNobody(destination);
      }
      edge.count(outcome.status, responseFlags(call, outcome), call.settledAt - call.startedAt);
      if (call.attempt > 1) edge.retries += call.attempt - 1;
    },
  };
}

const unreached: Workload = Object.freeze({ service: unknown, version: unknown, namespace: unknown, cluster: unknown });

function hasReached(call: Call, outcome: Outcome): boolean {
  return outcome.status > 0 || (outcome.mayHaveRun && call.attempt > 0);
}
