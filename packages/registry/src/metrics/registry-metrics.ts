import type { MeshEvent, Runtime } from "@enmesh/core";

import type { Agent } from "../agent/agent.ts";
import type { Journal } from "../log/journal.ts";
import type { Store } from "../state/store.ts";
import { counter, gauge, type Labels, type Metric } from "./metric.ts";
import { Tally } from "./tally.ts";

/** The events that are counted: ours, and no label that a client could choose. */
const countedEvents: ReadonlySet<string> = new Set([
  "service.registered",
  "service.deregistered",
  "service.reaped",
  "check.changed",
  "lease.extended",
  "preservation.began",
  "preservation.ended",
  "store.compacted",
  "store.failed",
  "store.mended",
  "request.failed",
]);

/** Counts as it goes what cannot be read off the state when somebody asks. */
export class RegistryMetrics {
  readonly syncs: Tally = new Tally();
  readonly #requests = new Map<string, Map<number, number>>();
  readonly #events = new Map<string, number>();

  /** An answer, by the route's template: paths hold names, and names are the clients' to choose. */
  countRequest(routePath: string, status: number): void {
    let byStatus = this.#requests.get(routePath);
    if (byStatus === undefined) this.#requests.set(routePath, (byStatus = new Map()));
    byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
  }

  countEvent({ type }: MeshEvent): void {
    if (countedEvents.has(type)) this.#events.set(type, (this.#events.get(type) ?? 0) + 1);
  }

  requests(): { labels: Labels; value: number }[] {
    return [...this.#requests].flatMap(([route, byStatus]) =>
      [...byStatus].map(([status, value]) => ({ labels: { route, status: String(status) }, value })),
    );
  }

  events(): { labels: Labels; value: number }[] {
    return [...this.#events].map(([type, value]) => ({ labels: { type }, value }));
  }
}

export interface MetricSources {
  readonly runtime: Runtime;
  readonly store: Store;
  readonly agent: Agent;
  readonly journal: Journal;
  readonly counted: RegistryMetrics;
}

/** Everything the registry says about itself in numbers. */
export function metricsOf({ runtime, store, agent, journal, counted }: MetricSources): Metric[] {
  const { catalog, keyValues, watchers } = store;
  const { preservation } = agent;
  return [
    gauge("services", "Instances that are listed.", () => catalog.services.size),
    gauge("checks", "Checks that are listed.", () => catalog.checks.size),
    gauge("keys", "Keys that are set.", () => keyValues.size),
    gauge("leases", "Checks that are kept by beats.", () => agent.leases),
    gauge("watchers", "Blocking queries that wait.", () => watchers.size),
    gauge("index", "The index of the last change.", () => store.index),
    gauge("log_bytes", "Length of the log.", () => journal.bytes ?? 0),
    gauge("writable", "1 while writes are taken, 0 while the log cannot be written.", () =>
      journal.failure === undefined ? 1 : 0,
    ),
    gauge("resident_bytes", "Memory that the process holds.", () => process.memoryUsage.rss()),
    {
      kind: "gauge",
      name: "held_leases",
      help: "Leases that are kept without beats, by the domain and the reason.",
      read: () =>
        preservation.frozen.map(({ service, zone, reason, held }) => ({
          labels: { service, zone, reason },
          value: held,
        })),
    },
    counter("beats", "Beats that were taken.", () => agent.beats),
    counter("evictions", "Checks that became critical, or went, for want of a beat.", () => agent.evictions),
    counter("evictions_withheld", "Evictions that self-preservation withheld.", () => preservation.withheld),
    counter("loop_lost_milliseconds", "Time in which our own event loop was blocked.", () =>
      Math.round(agent.loopWatch.lostMs(runtime.clock.now())),
    ),
    { kind: "counter", name: "events", help: "Events, by their type.", read: () => counted.events() },
    {
      kind: "counter",
      name: "requests",
      help: "Answers, by the route and the status.",
      read: () => counted.requests(),
    },
    {
      kind: "summary",
      name: "sync_milliseconds",
      help: "Time until a group of writes was on disk.",
      read: () => counted.syncs,
    },
  ];
}
