import type { Service } from "../model/service.ts";

/** All instances of one service name. */
export class ServiceGroup {
  readonly name: string;
  readonly instances: Map<string, Service> = new Map();
  #index = 1;

  constructor(name: string) {
    this.name = name;
  }

  /** Moves with every change of an instance or of its checks. */
  get index(): number {
    return this.#index;
  }

  touch(index: number): void {
    this.#index = index;
  }

  /** The instances by id, as Consul lists them. */
  sorted(): Service[] {
    return [...this.instances.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }
}
