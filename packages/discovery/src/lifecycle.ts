import type { InstanceStatus } from "@enmesh/core";

/** What an instance wants the registry to believe. `GONE` asks for its removal. */
export interface Wish {
  /** Grows with every wish: an acknowledgement counts only for the wish it answers. */
  readonly epoch: number;
  readonly status: InstanceStatus | "GONE";
  readonly note: string;
}

/**
 * The one way through an instance's life. Starting, up and down alternate freely; draining is never left but for gone, and gone is the end: no
 * late word can bring an instance back that has begun to leave.
 */
export class Lifecycle {
  #wish: Wish = { epoch: 1, status: "STARTING", note: "STARTING" };

  get wish(): Wish {
    return this.#wish;
  }

  get isLeaving(): boolean {
    return rankOf(this.#wish.status) > 0;
  }

  /** Wishes for another status. Answers false, and changes nothing, when the way does not lead there. */
  become(status: Wish["status"], note: string): boolean {
    if (rankOf(status) < rankOf(this.#wish.status)) return false;
    if (status === this.#wish.status && note === this.#wish.note) return false;
    this.#wish = { epoch: this.#wish.epoch + 1, status, note };
    return true;
  }
}

function rankOf(status: Wish["status"]): number {
  if (status === "GONE") return 2;
  return status === "DRAINING" ? 1 : 0;
}
