import { Endpoint, type Instance } from "@enmesh/core";

/** Endpoints that have left and may come back with what was learnt about them. */
const rememberedEndpoints = 256;

/**
 * Gives each instance its endpoint, and the same one for as long as id, address, port and protocol stay: its health survives every snapshot, being down
 * for a while, and a registry that forgets and is told again.
 */
export class EndpointPool {
  readonly #endpoints = new Map<string, Endpoint>();

  /** The endpoints of these instances, in their order. Writes the newest word of the registry into each. */
  of(instances: readonly Instance[]): readonly Endpoint[] {
    const endpoints = instances.map((instance) => this.#endpointOf(instance));
    this.#forget(instances.length);
    return endpoints;
  }

  #endpointOf(instance: Instance): Endpoint {
    const kept = this.#endpoints.get(instance.id);
    const endpoint = kept?.isSame(instance) ? kept : new Endpoint(instance);
    endpoint.instance = instance;
    // Asked for last, it stands last: the map's order is the order of leaving.
    this.#endpoints.delete(instance.id);
    this.#endpoints.set(instance.id, endpoint);
    return endpoint;
  }

  #forget(inUse: number): void {
    for (const id of this.#endpoints.keys()) {
      if (this.#endpoints.size <= inUse + rememberedEndpoints) return;
      this.#endpoints.delete(id);
    }
  }
}
