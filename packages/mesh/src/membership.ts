import type { Server } from "node:http";
import { type Instance, MeshError } from "@enmesh/core";
import type { Registration } from "@enmesh/discovery";
import type { Inbound } from "./inbound.ts";
import { addressOf, listening } from "./listen-address.ts";

export interface MembershipParts {
  readonly inbound: Inbound;
  /** Announces an instance; absent when no registry is used. */
  readonly register: ((instance: Instance) => Registration) | undefined;
  readonly instanceAt: (address: string, port: number) => Instance;
  readonly advertisedAddress: string | undefined;
  readonly propagationMs: number;
  readonly inFlightMs: number;
}

export type MembershipState = "outside" | "joining" | "up" | "draining" | "gone";

/**
 * This process as a member of the mesh: from the moment its server listens until it has left without losing a request.
 */
export class Membership {
  readonly #parts: MembershipParts;
  #state: MembershipState = "outside";
  #server: Server | undefined;
  #registration: Registration | undefined;
  #instance: Instance | undefined;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  get state(): MembershipState {
    return this.#state;
  }

  get instance(): Instance | undefined {
    return this.#instance;
  }

  get isDraining(): boolean {
    return this.#state === "draining" || this.#state === "gone";
  }

  /** Waits until the server listens, announces it, and says that it is up; with `mustRegister`, until the registry has taken it. */
  async join(server: Server, mustRegister: boolean): Promise<Instance> {
    if (this.#state !== "outside")
      throw new MeshError(
        "ENMESH_CONFIG_INVALID",
        "this mesh has already joined with a server; make one mesh per process",
      );
    this.#state = "joining";
    this.#server = server;
    try {
      await listening(server);
      this.#mustBeJoining();
      const { address, port } = addressOf(server, this.#parts.advertisedAddress);
      const instance = this.#parts.instanceAt(address, port);
      this.#instance = instance;
      this.#registration = this.#parts.register?.(instance);
      this.#registration?.up();
      await this.#registered(mustRegister);
      this.#mustBeJoining();
      this.#state = "up";
      return instance;
    } catch (error) {
      // What did not come about may be tried again, but not once we are on our way out.
      await this.#registration?.deregister();
      if (this.state === "joining") this.#state = "outside";
      throw error;
    }
  }

  async #registered(mustRegister: boolean): Promise<void> {
    try {
      await this.#registration?.ready();
    } catch (error) {
      if (mustRegister) throw error;
    }
  }

  /** The mesh may have been closed while we waited: who has left must not come back as a ghost. */
  #mustBeJoining(): void {
    if (this.#state !== "joining") throw new MeshError("ENMESH_CLOSED", "the mesh was closed while it was joining");
  }

  /**
   * Leaves in the order that loses nothing: say that we go (and be heard), keep serving while the word spreads, stop accepting, let what
   * runs end, and only then give the registration back. What `beforeGone` throws is thrown at the end, and keeps nothing from being done.
   */
  async leave(beforeGone: () => Promise<void>): Promise<void> {
    if (this.isDraining) return;
    const wasUp = this.#state === "up";
    this.#state = "draining";
    await this.#registration?.drain();
    if (wasUp && this.#registration !== undefined) await pause(this.#parts.propagationMs);
    await this.#stopServing();
    try {
      await beforeGone();
    } finally {
      await this.#registration?.deregister();
      this.#state = "gone";
    }
  }

  async #stopServing(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const idle = new Promise<void>((resolve) => this.#parts.inbound.whenIdle(resolve));
    await atMost(idle, this.#parts.inFlightMs);
    server.closeIdleConnections();
    // An answer that was just written needs a moment to leave; whoever holds a connection without a request does not hold us up.
    await atMost(closed, 50);
    server.closeAllConnections();
    await atMost(closed, 1_000);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits for `work`, but no longer than `ms`; no timer is left behind, which would keep the process alive. */
async function atMost(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}
