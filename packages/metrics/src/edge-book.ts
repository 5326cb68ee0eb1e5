import { Edge } from "./edge.ts";
import { type EdgeLabels, type ServiceName, type Workload, unknown } from "./labels.ts";
import type { Series, SeriesTable } from "./series.ts";

type Shelf<V> = Map<string, V>;

/**
 * The edges that one reporter has seen, found by service, version and namespace of the other end. Nested maps: nothing
 * is joined to a key. When the series table is full no new edge is kept either, so that names from outside cannot fill the memory.
 */
export class EdgeBook {
  readonly edges: Edge[] = [];
  readonly overflow: Edge;
  readonly #table: SeriesTable;
  readonly #overflowSeries: Series;
  readonly #byService: Shelf<Shelf<Shelf<Edge>>> = new Map();

  constructor(
    table: SeriesTable,
    reporter: EdgeLabels["reporter"],
    self: Workload,
    own: ServiceName,
    connectionSecurity: string,
  ) {
    this.#table = table;
    const labels = overflowLabels(reporter, self, own, connectionSecurity);
    this.#overflowSeries = table.openOverflow(labels);
    this.overflow = new Edge(labels, table, this.#overflowSeries);
    this.overflow.series.push(this.#overflowSeries);
  }

  find(service: string, version: string, namespace: string, make: () => EdgeLabels): Edge {
    return this.#byService.get(service)?.get(version)?.get(namespace) ?? this.#add(service, version, namespace, make);
  }

  #add(service: string, version: string, namespace: string, make: () => EdgeLabels): Edge {
    if (this.#table.isFull) return this.overflow;
    const edge = new Edge(make(), this.#table, this.#overflowSeries);
    shelf(shelf(this.#byService, service), version).set(namespace, edge);
    this.edges.push(edge);
    return edge;
  }
}

function shelf<V>(from: Shelf<Shelf<V>>, key: string): Shelf<V> {
  let found = from.get(key);
  if (found === undefined) from.set(key, (found = new Map()));
  return found;
}

const overflowName = "_overflow";

/** On the client side the destination overflows, on the server side the caller does; the own side stays what it is. */
function overflowLabels(
  reporter: EdgeLabels["reporter"],
  self: Workload,
  own: ServiceName,
  connectionSecurity: string,
): EdgeLabels {
  const other: Workload = { service: overflowName, version: unknown, namespace: unknown, cluster: unknown };
  if (reporter === "destination")
    return { reporter, source: other, destination: self, service: own, connectionSecurity };
  const service: ServiceName = { name: overflowName, namespace: unknown, host: overflowName };
  return { reporter, source: self, destination: { ...other, service: unknown }, service, connectionSecurity };
}
