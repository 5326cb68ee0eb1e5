import type { EventChannel, Instance } from "@enmesh/core";

import { whyUnusable } from "./usable-instance.ts";

/** Lets through what can be called, in an order that does not change by itself, and reports the rest: once each, for as long as it stays wrong. */
export class InstanceFilter {
  readonly #service: string;
  readonly #events: EventChannel;
  #reported: ReadonlySet<string> = new Set();

  constructor(service: string, events: EventChannel) {
    this.#service = service;
    this.#events = events;
  }

  usable(answer: readonly Instance[]): readonly Instance[] {
    const usable = new Map<string, Instance>();
    const dropped = new Set<string>();
    for (const instance of answer) {
      const reason = usable.has(instance.id) ? "another instance has the same id" : whyUnusable(instance);
      if (reason === undefined) usable.set(instance.id, instance);
      else this.#drop(instance, reason, dropped);
    }
    this.#reported = dropped;
    return [...usable.values()].toSorted(byId);
  }

  #drop({ id }: Instance, reason: string, dropped: Set<string>): void {
    const key = `${id} ${reason}`;
    if (!this.#reported.has(key) && !dropped.has(key)) {
      this.#events.report({ type: "discovery.instance_dropped", service: this.#service, id, reason });
    }
    dropped.add(key);
  }
}

function byId(one: Instance, other: Instance): number {
  return one.id < other.id ? -1 : 1;
}
