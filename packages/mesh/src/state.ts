import type { Identity } from "@enmesh/core";
import type { Directory } from "@enmesh/discovery";
import type { Metrics, MetricsSnapshot } from "@enmesh/metrics";
import type { Destinations } from "./destinations.ts";
import type { Inbound } from "./inbound.ts";
import type { Membership } from "./membership.ts";
import type { PolicyState, Routing } from "./routing.ts";

export interface EndpointState {
  readonly id: string;
  readonly origin: string;
  readonly version: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly inFlight: number;
  readonly attempts: number;
  readonly failures: number;
  readonly ejectedFor: string | undefined;
}

export interface ServiceState {
  readonly service: string;
  readonly state: string;
  readonly trouble: string | undefined;
  readonly instances: readonly { readonly id: string; readonly status: string }[];
  readonly endpoints: readonly EndpointState[];
}

/** What a mesh knows at one moment, as plain values. */
export interface MeshState {
  readonly identity: Identity;
  readonly member: string;
  readonly address: string | undefined;
  readonly registry: string | undefined;
  readonly discovery: {
    readonly source: string;
    readonly trouble: string | undefined;
    readonly names: readonly string[];
  };
  readonly inboundRunning: number;
  readonly services: readonly ServiceState[];
  readonly destinations: readonly { readonly name: string; readonly endpoints: number }[];
  readonly policies: PolicyState;
  readonly edges: MetricsSnapshot | undefined;
}

export interface StateParts {
  readonly identity: Identity;
  readonly membership: Membership;
  readonly inbound: Inbound;
  readonly directory: Directory;
  readonly destinations: Destinations;
  readonly routing: Routing;
  readonly metrics: Metrics | undefined;
  readonly registryUrl: string | undefined;
}

export function stateOf(parts: StateParts): MeshState {
  const { membership, directory } = parts;
  const { instance } = membership;
  return {
    identity: parts.identity,
    member: membership.state,
    address: instance && `${instance.address}:${instance.port}`,
    registry: parts.registryUrl,
    discovery: { source: directory.source, trouble: directory.trouble, names: directory.names() },
    inboundRunning: parts.inbound.running,
    services: directory.views().map(({ service, state, trouble, instances, snapshot }) => ({
      service,
      state,
      trouble,
      instances: instances.map(({ id, status }) => ({ id, status })),
      endpoints: snapshot.endpoints.map(({ id, origin, instance: { version, labels }, health }) => ({
        id,
        origin,
        version,
        labels,
        inFlight: health.inFlight,
        attempts: health.attempts,
        failures: health.failures,
        ejectedFor: health.ejectedFor,
      })),
    })),
    destinations: parts.destinations
      .all()
      .map(({ name, snapshot }) => ({ name, endpoints: snapshot.endpoints.length })),
    policies: parts.routing.state(),
    edges: parts.metrics?.snapshot(),
  };
}
