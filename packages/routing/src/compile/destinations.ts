import type { Destination } from "@enmesh/core";

/** Gives the place for a service, or for those of its instances that have the labels. The same arguments give the same place, also across recompiles. */
export type DestinationOf = (
  service: string,
  subset: string | undefined,
  labels: Readonly<Record<string, string>> | undefined,
) => Destination;

/** Asks for each destination once. */
export class Destinations {
  readonly #destinationOf: DestinationOf;
  readonly #known = new Map<string, Map<string | undefined, Destination>>();

  constructor(destinationOf: DestinationOf) {
    this.#destinationOf = destinationOf;
  }

  get(service: string, subset?: string, labels?: Readonly<Record<string, string>>): Destination {
    const known = this.#known.get(service);
    const found = known?.get(subset);
    if (found !== undefined) return found;
    const made = this.#destinationOf(service, subset, labels);
    if (known === undefined) this.#known.set(service, new Map([[subset, made]]));
    else known.set(subset, made);
    return made;
  }
}
