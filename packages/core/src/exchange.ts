import { ask, askLoop, beginLoop, tell } from "./asking.ts";
import type { Attempt } from "./attempt.ts";
import type { AttemptRecord, RoutedCall, RoutePlan } from "./call.ts";
import { failed, refused } from "./classify.ts";
import { type RequestContext, currentContext } from "./context.ts";
import type { Destination, Endpoint } from "./endpoint.ts";
import { MeshError } from "./errors.ts";
import type { Outcome } from "./outcome.ts";
import type { Pipeline } from "./pipeline.ts";
import { policyFailed, type Refusal, type Routing, type Wait } from "./policy.ts";
import type { Runtime } from "./runtime.ts";
import { noSlots } from "./slot.ts";
import { TimerNode } from "./timers.ts";

type Phase = "admitting" | "waiting" | "attempting" | "backing-off" | "over";
type Resume = (refusal?: Refusal) => void;

const noFailures: readonly AttemptRecord[] = Object.freeze([]);
const noWait = (): void => {};

/**
 * One call on its way through a pipeline: its state, its timer and its retry loop in one object. The three drivers
 * (HTTP, functions, simulation) extend it with how an attempt is sent and how the end is told.
 */
export abstract class Exchange extends TimerNode implements RoutedCall {
  readonly runtime: Runtime;
  readonly pipeline: Pipeline;
  readonly service: string;
  readonly context: RequestContext | undefined;
  readonly startedAt: number;
  slots: unknown[] = noSlots;
  abstract readonly method: string;
  abstract readonly path: string;
  abstract readonly isIdempotent: boolean;
  abstract readonly isReplayable: boolean;

  deadlineAt: number = Number.POSITIVE_INFINITY;
  /** Written when an attempt, or the call, is settled. */
  settledAt = 0;
  attempt = 0;
  /** True while its policies are asked. Written by those who ask them. */
  isAsking = false;
  /** What the policy asked last answered. Written by those who ask. */
  answer: Refusal | Wait | undefined = undefined;
  /** True once a policy made it wait: its first attempt began later than the call. */
  hasWaited = false;
  failures: readonly AttemptRecord[] = noFailures;
  retryBudgetExhausted = false;
  endpoint!: Endpoint;
  destination!: Destination;
  plan!: RoutePlan;

  #phase: Phase = "admitting";
  #admitted = 0;
  #current: Attempt | undefined;
  #resume: Resume = noWait;
  #resumesAt: number = Number.POSITIVE_INFINITY;
  #giveUpPlace: (() => void) | undefined;
  #stopped: Outcome | undefined;

  protected constructor(runtime: Runtime, pipeline: Pipeline, service: string) {
    super();
    this.runtime = runtime;
    this.pipeline = pipeline;
    this.service = service;
    this.context = currentContext();
    this.startedAt = runtime.clock.now();
  }

  abstract header(name: string): string | undefined;
  /** A new attempt of this driver's kind. */
  protected abstract createAttempt(): Attempt;
  /** The call is over. Called exactly once, after every policy was told. */
  protected abstract deliver(outcome: Outcome): void;

  get isOver(): boolean {
    return this.#phase === "over";
  }

  /** Why the call is to end, when it was stopped while its policies were asked. Whoever asked them ends it. */
  get stopped(): Outcome | undefined {
    return this.#stopped;
  }

  /** Starts the call. */
  begin(): void {
    this.#admit(0);
  }

  /** The caller went away. */
  cancel(reason?: unknown): void {
    if (this.#phase === "over" || this.#stopped !== undefined) return;
    const error = new MeshError("ENMESH_CANCELLED", `the call to "${this.service}" was cancelled by its caller`, {
      cause: reason,
      destination: this.service,
    });
    this.#stop(failed("cancelled", error, this.elapsedMs()));
  }

  elapsedMs(): number {
    return this.runtime.clock.now() - this.startedAt;
  }

  isRoutedTo(routing: Routing): void {
    this.destination = routing.destination;
    this.plan = routing.plan;
  }

  /** Called by the timers: a wait is over, or a deadline has passed. */
  due(now: number): void {
    if (now >= this.deadlineAt) return this.#expire();
    if (this.#phase === "waiting") return now >= this.#resumesAt ? this.#wake() : this.#armForWait();
    if (this.#phase === "backing-off") return this.#attemptOnce();
    if (this.#phase !== "attempting") return;
    const attempt = this.#current as Attempt;
    if (!attempt.isCommitted && now >= attempt.attemptDeadlineAt) return attempt.timeOut(now);
    void this.armFor(attempt);
  }

  /** Sets the timer for the nearest limit of the attempt under way. False: the call's time is already up, and it has ended. */
  armFor(attempt: Attempt): boolean {
    const at =
      attempt.isCommitted || this.deadlineAt < attempt.attemptDeadlineAt ? this.deadlineAt : attempt.attemptDeadlineAt;
    if (at === Number.POSITIVE_INFINITY) return true;
    // A first attempt that never waited starts in the same breath as the call: no need to look at the clock.
    if ((this.hasWaited || this.attempt > 1) && this.runtime.clock.now() >= this.deadlineAt) {
      this.#expire();
      return false;
    }
    this.runtime.timers.scheduleAt(this, at);
    return true;
  }

  /** Holds the call at a policy that asked it to wait; goes on with `resume`. */
  hold(wait: Wait, resume: Resume): void {
    const before = this.#phase;
    let isDone = false;
    this.hasWaited = true;
    this.#phase = "waiting";
    this.#resumesAt = this.runtime.clock.now() + (wait.forMs ?? Number.POSITIVE_INFINITY);
    this.#resume = (refusal) => {
      if (isDone || this.#phase === "over") return;
      isDone = true;
      this.#phase = before;
      this.#resume = noWait;
      this.#giveUpPlace = undefined;
      this.runtime.timers.cancel(this);
      resume(refusal);
    };
    this.#armForWait();
    let giveUpPlace: (() => void) | undefined;
    try {
      giveUpPlace = wait.begin?.(this.#resume);
    } catch (error) {
      this.#resume(policyFailed("wait", error));
    }
    if (isDone) return;
    // Cancelled while the wait began: nobody else will give its place up.
    if (this.isOver) giveUpPlace?.();
    else this.#giveUpPlace = giveUpPlace;
  }

  /** Asks the loop whether this outcome is to be followed by another attempt: the time until then, or undefined. */
  considerRepeating(outcome: Outcome): number | undefined {
    const again = askLoop(this, outcome);
    if (again === undefined) return undefined;
    return this.runtime.clock.now() + again < this.deadlineAt ? again : undefined;
  }

  /** The attempt is settled and another one follows, unless the call was stopped meanwhile. */
  repeatAfter(waitMs: number, outcome: Outcome): void {
    this.#remember(outcome);
    this.#current = undefined;
    this.#phase = "backing-off";
    if (this.#stopped !== undefined) return this.end(this.#stopped);
    if (waitMs > 0) return this.runtime.timers.schedule(this, waitMs, true);
    this.runtime.timers.cancel(this);
    this.#attemptOnce();
  }

  /** The last attempt is settled: tells the policies of the call, then the caller. */
  end(outcome: Outcome): void {
    if (this.#phase === "over") return;
    if (outcome.kind !== "success" && outcome.kind !== "clientError" && this.attempt > this.failures.length)
      this.#remember(outcome);
    this.#phase = "over";
    // An attempt that ends the call has just been settled, in the same breath.
    if (this.#current === undefined) this.settledAt = this.runtime.clock.now();
    this.#current = undefined;
    this.runtime.timers.cancel(this);
    tell(this, this.pipeline.callScope, this.#admitted, this, outcome);
    this.deliver(outcome);
  }

  #admit(from: number): void {
    const admitted = ask(this, this.pipeline.callScope, from, this);
    this.#admitted = admitted;
    if (this.#stopped !== undefined) return this.end(this.#stopped);
    const { answer } = this;
    if (answer !== undefined) {
      if (answer.type === "refusal") return this.end(refused(answer, this.elapsedMs()));
      return this.hold(answer, (refusal) =>
        refusal === undefined ? this.#admit(admitted + 1) : this.end(refused(refusal, this.elapsedMs())),
      );
    }
    if (this.hasWaited && this.runtime.clock.now() >= this.deadlineAt) return this.#expire();
    beginLoop(this);
    if (this.#stopped === undefined) this.#attemptOnce();
    else this.end(this.#stopped);
  }

  #armForWait(): void {
    const at = Math.min(this.#resumesAt, this.deadlineAt);
    if (at === Number.POSITIVE_INFINITY) return;
    this.runtime.timers.schedule(this, at - this.runtime.clock.now(), true);
  }

  /** The time of a wait is over: a place that it also waited for is given up. */
  #wake(): void {
    this.#giveUpPlace?.();
    this.#resume();
  }

  #attemptOnce(): void {
    this.#phase = "attempting";
    this.attempt += 1;
    const attempt = this.createAttempt();
    this.#current = attempt;
    attempt.begin();
  }

  #expire(): void {
    const after = Math.round(this.elapsedMs());
    const error = new MeshError(
      "ENMESH_DEADLINE_EXCEEDED",
      `the call to "${this.service}" was not over after ${after} ms (attempt ${this.attempt})`,
      {
        destination: this.destination?.name ?? this.service,
        attempts: this.failures,
      },
    );
    this.#stop(failed("deadline", error, this.elapsedMs()));
  }

  #stop(outcome: Outcome): void {
    this.#stopped = outcome;
    if (this.isAsking) return;
    this.#giveUpPlace?.();
    this.#giveUpPlace = undefined;
    const attempt = this.#current;
    if (attempt === undefined) this.end(outcome);
    else attempt.stop(outcome);
  }

  #remember(outcome: Outcome): void {
    const record: AttemptRecord = {
      attempt: this.attempt,
      endpoint: this.#current?.endpoint,
      kind: outcome.kind,
      status: outcome.status,
      cause: outcome.cause,
      elapsedMs: outcome.elapsedMs,
      message: outcome.error?.message ?? outcome.refusal?.code,
    };
    this.failures = [...this.failures, record];
  }
}
