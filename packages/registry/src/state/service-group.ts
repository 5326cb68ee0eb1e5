import type { Service } from "../model/service.ts";

/** All instances of one service name. */
export class ServiceGroup {
  readonly name: string;
  /** By catalog key. */
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

  /** The instances by node and id, those of our own node first. */
  sorted(): Service[] {
    return [...this.instances.values()].toSorted((a, b) => {
      const [nodeA, nodeB] = [a.node ?? "", b.node ?? ""];
      if (nodeA !== nodeB) return nodeA < nodeB ? -1 : 1;
      return a.id < b.id ? -1 : 1;
    });
  }
}
