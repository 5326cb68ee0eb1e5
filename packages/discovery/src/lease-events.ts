import type { EventChannel, Instance, MeshError } from "@enmesh/core";

import type { Verb } from "./next-write.ts";

/** Reports what becomes of one registration. */
export class LeaseEvents {
  readonly #about: { readonly service: string; readonly id: string };
  readonly #events: EventChannel;
  #wasRegistered = false;

  constructor({ service, id }: Instance, events: EventChannel) {
    this.#about = { service, id };
    this.#events = events;
  }

  registered(): void {
    this.#events.report({ type: "registration.registered", ...this.#about, isAgain: this.#wasRegistered });
    this.#wasRegistered = true;
  }

  lost(): void {
    this.#events.report({ type: "registration.lost", ...this.#about });
  }

  failed(verb: Verb, { message: reason }: MeshError, failures: number): void {
    const type = verb === "report" ? "heartbeat.failed" : "registration.failed";
    this.#events.report({ type, ...this.#about, reason, failures });
  }

  stoodIn(told: { readonly beats: number; readonly stillMs: number; readonly saidDown: boolean }): void {
    this.#events.report({ type: "heartbeat.stood_in", ...this.#about, ...told });
  }

  alone(reason: string): void {
    this.#events.report({ type: "heartbeat.alone", ...this.#about, reason });
  }
}
