import { type Instance, MeshError, type Runtime, TimerCallback } from "@enmesh/core";

import { pauseAfter } from "./backoff.ts";
import { LeaseEvents } from "./lease-events.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { Listeners } from "./listeners.ts";
import { nextWrite, type Verb } from "./next-write.ts";
import { Pulse } from "./pulse/pulse.ts";
import type { Lease, Registrar } from "./source.ts";

export interface LeaseWriterOptions {
  readonly registrar: Registrar;
  readonly instance: Instance;
  readonly lifecycle: Lifecycle;
  readonly lease: Lease;
  readonly heartbeatMs: number;
  /** The main loop counts as dead after being still for this long; undefined: nobody beats in its place. */
  readonly livenessMs: number | undefined;
  readonly runtime: Runtime;
}

/** Before the registry has taken anything it is asked again within two seconds: somebody is waiting for us to start. */
const retryAtStart = Object.freeze({ firstMs: 250, maxMs: 2_000 });
/** A registry that lost everybody hears from everybody twice in one heartbeat, which is twice as much as ever; a quarter of another keeps the peaks below. */
const spreadOfReturn = 0.25;
/** How long an instance that leaves waits for a write that is under way. */
const patienceMs = 250;

interface Write {
  readonly verb: Verb;
  readonly epoch: number;
  readonly isUp: boolean;
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
  #wasTaken = false;
  readonly #pulse: Pulse | undefined;

  constructor(options: LeaseWriterOptions) {
    this.#options = options;
    const { instance, runtime, heartbeatMs, livenessMs, registrar } = options;
    const events = new LeaseEvents(instance, runtime.events);
    this.#events = events;
    if (livenessMs === undefined || registrar.beat === undefined) return;
    this.#pulse = new Pulse({
      runtime,
      heartbeatMs,
      livenessMs,
      onFailed: (reason) => events.alone(reason),
      onStoodIn: (told) => {
        events.stoodIn(told);
        // What was said of us in our absence may be more than a report takes back.
        if (told.saidDown) this.isRegistered = false;
        this.#repeat();
      },
    });
  }

  /** True when the registry has taken the newest wish. */
  get isAcknowledged(): boolean {
    return this.#isOver || this.#acknowledgedEpoch === this.#options.lifecycle.wish.epoch;
  }

  /** The wish has changed: write it as soon as may be. */
  hasten(): void {
    if (this.#isOver) return;
    // What the other thread may have said before it heard of this is said over.
    if (this.#options.lifecycle.wish.status !== "UP") this.#pulse?.hush(() => this.#repeat());
    if (this.#writing === undefined) this.#write();
    else if (this.#options.lifecycle.isLeaving) this.#options.runtime.timers.schedule(this.#impatience, patienceMs);
  }

  stop(): void {
    this.#isOver = true;
    this.#pulse?.close();
    this.#options.runtime.timers.cancel(this.#next);
    this.#options.runtime.timers.cancel(this.#impatience);
    this.acknowledged.clear();
  }

  #repeat(): void {
    if (this.#isOver) return;
    this.#isDoubtful = true;
    if (this.#writing === undefined) this.#write();
  }

  #write(): void {
    const { lifecycle, runtime } = this.#options;
    runtime.timers.cancel(this.#next);
    const verb = nextWrite(lifecycle.wish, this.isRegistered, this.#hasAsked);
    if (verb === undefined) return this.#acknowledge(lifecycle.wish.epoch);

    const { epoch, status } = lifecycle.wish;
    const write: Write = { verb, epoch, isUp: status === "UP", isAbandoned: false };
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
    if (write.verb === "register") this.#registered(write);
    else if (!write.isAbandoned) this.#acknowledge(write.epoch);
    if (write.verb === "deregister") this.stop();
  }

  #registered({ epoch, isUp, isAbandoned }: Write): void {
    this.isRegistered = true;
    this.#acknowledgedEpoch = 0;
    this.#events.registered();
    // Only a registry that had lost us takes "up" with the registration; what it may have kept is to be reported.
    if (isUp && this.#lossesInARow > 0 && !isAbandoned) this.#acknowledge(epoch);
  }

  #lost(): void {
    if (!this.isRegistered) return;
    this.isRegistered = false;
    this.#acknowledgedEpoch = 0;
    this.#failures = 0;
    this.#lossesInARow += 1;
    this.#pulse?.hush();
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
    if (hasFailed) timers.schedule(this.#next, this.#pauseAfterFailure());
    else if (!this.isRegistered && this.#lossesInARow > 0)
      timers.schedule(this.#next, heartbeatMs * spreadOfReturn * random());
    else if (isPending) this.#write();
    else timers.schedule(this.#next, heartbeatMs * (0.9 + 0.2 * random()));
  }

  /** Once soon, then at the pace of heartbeats: however many wait for a registry, it is asked no more often than on any other day. */
  #pauseAfterFailure(): number {
    const { heartbeatMs, runtime } = this.#options;
    if (!this.#wasTaken || this.#failures === 1) return pauseAfter(this.#failures, retryAtStart, runtime.random);
    return heartbeatMs * (0.9 + 0.2 * runtime.random());
  }

  #acknowledge(epoch: number): void {
    this.#acknowledgedEpoch = epoch;
    this.#wasTaken = true;
    this.#speakWhenStill();
    this.acknowledged.tell();
  }

  /** Being up is what another thread may go on saying while this one is blocked. */
  #speakWhenStill(): void {
    const { registrar, instance, lifecycle, livenessMs = 0 } = this.#options;
    if (this.#pulse === undefined || lifecycle.wish.status !== "UP" || registrar.beat === undefined) return;
    const reason = `DOWN: the event loop has not turned for ${Math.round(livenessMs / 1_000)} s`;
    this.#pulse.say(registrar.beat(instance, "UP", "UP"), registrar.beat(instance, "DOWN", reason));
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
