import { type Instance, MeshError, type Runtime, TimerCallback } from "@enmesh/core";

import { pauseAfter } from "./backoff.ts";
import { LeaseEvents } from "./lease-events.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { Listeners } from "./listeners.ts";
import { nextWrite, type Verb } from "./next-write.ts";
import type { Lease, Registrar } from "./source.ts";

export interface LeaseWriterOptions {
  readonly registrar: Registrar;
  readonly instance: Instance;
  readonly lifecycle: Lifecycle;
  readonly lease: Lease;
  readonly heartbeatMs: number;
  readonly runtime: Runtime;
}

/** While the registry is away it is asked again within two seconds, so that after a restart everybody is back within a few. */
const retry = Object.freeze({ firstMs: 250, maxMs: 2_000 });
/** How long an instance that leaves waits for a write that is under way. */
const patienceMs = 250;

interface Write {
  readonly verb: Verb;
  readonly epoch: number;
  isAbandoned: boolean;
}

/**
 * Keeps the registry's word about one instance equal to the instance's wish. One write at a time, always with the newest wish, so that an old word
 * never overtakes a new one. A heartbeat is the same write again.
 */
export class LeaseWriter {
  /** Told after every acknowledgement. */
  readonly acknowledged: Listeners<void> = new Listeners();
  isRegistered = false;
  lastError: MeshError | undefined = undefined;

  readonly #options: LeaseWriterOptions;
  readonly #events: LeaseEvents;
  readonly #next = new TimerCallback(() => this.#write());
  readonly #impatience = new TimerCallback(() => this.#abandon());
  #acknowledgedEpoch = 0;
  #hasAsked = false;
  #isDoubtful = false;
  #failures = 0;
  #lossesInARow = 0;
  #writing: Write | undefined;
  #isOver = false;

  constructor(options: LeaseWriterOptions) {
    this.#options = options;
    this.#events = new LeaseEvents(options.instance, options.runtime.events);
  }

  /** True when the registry has taken the newest wish. */
  get isAcknowledged(): boolean {
    return this.#isOver || this.#acknowledgedEpoch === this.#options.lifecycle.wish.epoch;
  }

  /** The wish has changed: write it as soon as may be. */
  hasten(): void {
    if (this.#isOver) return;
    if (this.#writing === undefined) this.#write();
    else if (this.#options.lifecycle.isLeaving) this.#options.runtime.timers.schedule(this.#impatience, patienceMs);
  }

  stop(): void {
    this.#isOver = true;
    this.#options.runtime.timers.cancel(this.#next);
    this.#options.runtime.timers.cancel(this.#impatience);
    this.acknowledged.clear();
  }

  #write(): void {
    const { lifecycle, runtime } = this.#options;
    runtime.timers.cancel(this.#next);
    const verb = nextWrite(lifecycle.wish, this.isRegistered, this.#hasAsked);
    if (verb === undefined) return this.#acknowledge(lifecycle.wish.epoch);

    const write: Write = { verb, epoch: lifecycle.wish.epoch, isAbandoned: false };
    this.#writing = write;
    this.#hasAsked = true;
    this.#send(verb).then(
      (answer) => this.#settled(write, answer),
      (error: unknown) => this.#settled(write, meshError(error)),
    );
  }

  async #send(verb: Verb): Promise<"taken" | "unknown"> {
    const { registrar, instance, lifecycle, lease } = this.#options;
    const { status, note } = lifecycle.wish;
    if (verb === "report" && status !== "GONE") return registrar.report(instance, status, note);
    if (verb === "deregister" || status === "GONE") await registrar.deregister(instance);
    else await registrar.register({ ...instance, status }, lease);
    return "taken";
  }

  #settled(write: Write, answer: "taken" | "unknown" | MeshError): void {
    if (this.#isOver) return;
    const isOurs = this.#writing === write;
    if (isOurs) this.#writing = undefined;
    this.#options.runtime.timers.cancel(this.#impatience);

    if (answer instanceof MeshError) this.#failed(write, answer);
    else if (answer === "unknown") this.#lost();
    else this.#taken(write);

    // A write that was given up may have been taken after a newer one: the newest is written once more.
    if (write.isAbandoned) this.#isDoubtful = true;
    if (this.#writing === undefined && !this.#isOver) this.#goOn(answer instanceof MeshError);
  }

  #taken(write: Write): void {
    this.#failures = 0;
    this.lastError = undefined;
    if (write.verb === "report") this.#lossesInARow = 0;
    if (write.verb === "register") this.#registered();
    else if (!write.isAbandoned) this.#acknowledge(write.epoch);
    if (write.verb === "deregister") this.stop();
  }

  #registered(): void {
    this.isRegistered = true;
    // The status is not part of it: it is still to be reported.
    this.#acknowledgedEpoch = 0;
    this.#events.registered();
  }

  #lost(): void {
    if (!this.isRegistered) return;
    this.isRegistered = false;
    this.#acknowledgedEpoch = 0;
    this.#failures = 0;
    this.#lossesInARow += 1;
    this.#events.lost();
  }

  #failed({ verb }: Write, error: MeshError): void {
    this.#failures += 1;
    this.lastError = error;
    this.#events.failed(verb, error, this.#failures);
  }

  #goOn(hasFailed: boolean): void {
    const { heartbeatMs, lifecycle, runtime } = this.#options;
    const { timers, random } = runtime;
    const isPending = this.#acknowledgedEpoch !== lifecycle.wish.epoch || this.#isDoubtful;
    this.#isDoubtful = false;
    // A registry that forgets at once what it is told is not asked in a circle without a pause.
    const failures = this.isRegistered ? this.#failures : Math.max(this.#failures, this.#lossesInARow - 1);
    if (hasFailed || failures > 0) timers.schedule(this.#next, pauseAfter(Math.max(1, failures), retry, random));
    else if (isPending) this.#write();
    else timers.schedule(this.#next, heartbeatMs * (0.9 + 0.2 * random()));
  }

  #acknowledge(epoch: number): void {
    this.#acknowledgedEpoch = epoch;
    this.acknowledged.tell();
  }

  #abandon(): void {
    if (this.#writing === undefined || this.#isOver) return;
    this.#writing.isAbandoned = true;
    this.#writing = undefined;
    this.#write();
  }
}

function meshError(error: unknown): MeshError {
  if (error instanceof MeshError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new MeshError("ENMESH_REGISTRY_UNREACHABLE", message, { cause: error });
}
