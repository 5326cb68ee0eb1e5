import { randomUUID } from "node:crypto";

/** Something that somebody told everybody. */
export interface UserEvent {
  readonly id: string;
  readonly name: string;
  readonly payload: Buffer;
  readonly nodeFilter: string;
  readonly serviceFilter: string;
  readonly tagFilter: string;
  /** The how-manieth it is. */
  readonly time: number;
}

const mostEvents = 256;

/** The last events, in memory only: whoever was not there missed them, as with Consul. */
export class UserEvents {
  readonly #events: UserEvent[] = [];
  #count = 0;

  get all(): readonly UserEvent[] {
    return this.#events;
  }

  /** Makes an event; `isForUs` says whether our node shall hear of it. */
  fire(parts: Omit<UserEvent, "id" | "time">, isForUs: boolean): UserEvent {
    this.#count += 1;
    const event = { ...parts, id: randomUUID(), time: this.#count };
    if (!isForUs) return event;
    this.#events.push(event);
    if (this.#events.length > mostEvents) this.#events.shift();
    return event;
  }
}

/** The index that an event stands for: not an order, only a mark to compare. */
export function indexOfEvent({ id }: UserEvent): bigint {
  const hex = id.replaceAll("-", "");
  return BigInt(`0x${hex.slice(0, 16)}`) ^ BigInt(`0x${hex.slice(16)}`);
}
