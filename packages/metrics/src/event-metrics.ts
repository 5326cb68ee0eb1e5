import type { EventChannel, MeshEvent } from "@enmesh/core";
import type { Registry } from "prom-client";
import { registerCollector, type Sample } from "./collectors.ts";
import { safeName, unknown } from "./labels.ts";

/** How open a breaker is, as a number that a graph can draw. */
const stateOfEvent: Readonly<Record<string, number>> = Object.freeze({
  "breaker.closed": 0,
  "breaker.half_open": 0.5,
  "breaker.opened": 1,
});

/** At most this many destinations and reasons are told apart. */
const maxNames = 1_000;

/** Counts what policies report: ejections by reason, and how each breaker stands. */
export class EventMetrics {
  readonly #ejections = new Map<string, number>();
  readonly #breakers = new Map<string, number>();
  readonly #events = new Map<string, number>();

  listen(events: EventChannel): () => void {
    return events.listen((event) => this.#heard(event));
  }

  register(registry: Registry): void {
    registerCollector(registry, {
      name: "enmesh_ejections_total",
      help: "Endpoints taken out of rotation, by reason.",
      type: "counter",
      collect: () => samples(this.#ejections, "reason"),
    });
    registerCollector(registry, {
      name: "enmesh_events_total",
      help: "What was reported, by type: discovery.stale, registration.lost, heartbeat.failed, policy.rejected and so on.",
      type: "counter",
      collect: () => samples(this.#events, "type"),
    });
    registerCollector(registry, {
      name: "enmesh_breaker_state",
      help: "Circuit breaker of a destination: 0 closed, 0.5 probing, 1 open.",
      type: "gauge",
      collect: () => samples(this.#breakers, "destination"),
    });
    registerCollector(registry, {
      name: "envoy_cluster_circuit_breakers_cx_open",
      help: "1 while the circuit breaker of a destination refuses calls; under the name that Envoy dashboards ask for.",
      type: "gauge",
      collect: () =>
        samples(this.#breakers, "envoy_cluster_name").map((sample) => ({
          ...sample,
          value: sample.value === 1 ? 1 : 0,
        })),
    });
  }

  #heard(event: MeshEvent): void {
    put(this.#events, nameOf(event.type), increment);
    const state = stateOfEvent[event.type];
    if (state !== undefined) put(this.#breakers, nameOf(event["destination"]), () => state);
    else if (event.type === "outlier.ejected") put(this.#ejections, nameOf(event["reason"]), increment);
  }
}

const increment = (count: number): number => count + 1;

function put(values: Map<string, number>, name: string, change: (value: number) => number): void {
  if (values.has(name) || values.size < maxNames) values.set(name, change(values.get(name) ?? 0));
}

function nameOf(value: unknown): string {
  return typeof value === "string" ? safeName(value) : unknown;
}

function samples(values: ReadonlyMap<string, number>, label: string): Sample[] {
  return [...values].map(([name, value]) => ({ value, labels: { [label]: name } }));
}
