import type { Attempt } from "./attempt.ts";
import type { AttemptRecord, RoutedCall, RoutePlan } from "./call.ts";
import { failed, refused } from "./classify.ts";
import { type RequestContext, currentContext } from "./context.ts";
import type { Destination, Endpoint } from "./endpoint.ts";
import { MeshError } from "./errors.ts";
import type { Outcome } from "./outcome.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Refusal, Routing, Wait } from "./policy.ts";
import type { Runtime } from "./runtime.ts";
import { TimerNode } from "./timers.ts";

type Phase = "admitting" | "waiting" | "attempting" | "backing-off" | "over";

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
  readonly slots: unknown[] = [];
  abstract readonly method: string;
  abstract readonly path: string;
  abstract readonly isIdempotent: boolean;
  abstract readonly isReplayable: boolean;

  deadlineAt: number = Number.POSITIVE_INFINITY;
  attempt = 0;
  failures: readonly AttemptRecord[] = noFailures;
  retryBudgetExhausted = false;
  endpoint!: Endpoint;
  destination!: Destination;
  plan!: RoutePlan;

  #phase: Phase = "admitting";
  #admitted = 0;
  #current: Attempt | undefined;
  #resume: (refusal?: Refusal) => void = noWait;
  #giveUpPlace: (() => void) | undefined;

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

  /** Starts the call. */
  begin(): void {
    this.#admit(0);
  }

  /** The caller went away. */
  cancel(reason?: unknown): void {
    if (this.#phase === "over") return;
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
    if (this.#phase === "waiting") return this.#resume();
    if (this.#phase === "backing-off") return this.#attemptOnce();
    if (this.#phase !== "attempting") return;
    const attempt = this.#current as Attempt;
    if (!attempt.isCommitted && now >= attempt.attemptDeadlineAt) return attempt.timeOut(now);
    this.armFor(attempt);
  }

  /** Sets the timer for the nearest limit of the attempt under way. */
  armFor(attempt: Attempt): void {
    const at =
      attempt.isCommitted || this.deadlineAt < attempt.attemptDeadlineAt ? this.deadlineAt : attempt.attemptDeadlineAt;
    if (at === Number.POSITIVE_INFINITY) return;
    this.runtime.timers.schedule(this, at - this.runtime.clock.now());
  }

  /** Holds the call at a policy that asked it to wait; goes on with `resume`. */
  hold(wait: Wait, resume: (refusal?: Refusal) => void): void {
    const before = this.#phase;
    this.#phase = "waiting";
    let isDone = false;
    this.#resume = (refusal) => {
      if (isDone || this.#phase === "over") return;
      isDone = true;
      this.#phase = before;
      this.#resume = noWait;
      this.#giveUpPlace = undefined;
      this.runtime.timers.cancel(this);
      resume(refusal);
    };
    const remaining = this.deadlineAt - this.runtime.clock.now();
    if (wait.forMs !== undefined) this.runtime.timers.schedule(this, Math.min(wait.forMs, remaining), true);
    else if (remaining !== Number.POSITIVE_INFINITY) this.runtime.timers.schedule(this, remaining, true);
    const giveUpPlace = wait.begin?.(this.#resume);
    if (!isDone) this.#giveUpPlace = giveUpPlace;
  }

  /** Asks the loop whether this outcome is to be followed by another attempt: the time until then, or undefined. */
  considerRepeating(outcome: Outcome): number | undefined {
    const again = this.pipeline.repeat?.again(this, outcome);
    if (again === undefined || this.#phase === "over") return undefined;
    return this.runtime.clock.now() + again < this.deadlineAt ? again : undefined;
  }

  /** The attempt is settled and another one follows. */
  repeatAfter(waitMs: number, outcome: Outcome): void {
    this.#remember(outcome);
    this.#current = undefined;
    this.#phase = "backing-off";
    if (waitMs <= 0) this.#attemptOnce();
    else this.runtime.timers.schedule(this, waitMs, true);
  }

  /** The last attempt is settled: tells the policies of the call, then the caller. */
  end(outcome: Outcome): void {
    if (this.#phase === "over") return;
    if (outcome.kind !== "success" && outcome.kind !== "clientError" && this.attempt > this.failures.length)
      this.#remember(outcome);
    this.#phase = "over";
    this.#current = undefined;
    this.runtime.timers.cancel(this);
    const { settles } = this.pipeline.callScope;
    for (let index = this.#admitted - 1; index >= 0; index--) settles[index]?.(this, outcome);
    this.deliver(outcome);
  }

  #admit(from: number): void {
    const { admits } = this.pipeline.callScope;
    for (let index = from; index < admits.length; index++) {
      const answer = admits[index]?.(this);
      if (answer === undefined) continue;
      this.#admitted = index;
      if (answer.type === "refusal") return this.end(refused(answer, this.elapsedMs()));
      return this.hold(answer, (refusal) =>
        refusal === undefined ? this.#admit(index + 1) : this.end(refused(refusal, this.elapsedMs())),
      );
    }
    this.#admitted = admits.length;
    if (this.runtime.clock.now() >= this.deadlineAt) return this.#expire();
    this.pipeline.repeat?.begin?.(this);
    this.#attemptOnce();
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
    this.#giveUpPlace?.();
    this.#giveUpPlace = undefined;
    const attempt = this.#current;
    if (attempt === undefined) this.end(outcome);
    else attempt.stop(outcome);
  }

  #remember(outcome: Outcome): void {
    const record: AttemptRecord = {
      attempt: this.attempt,
      endpoint: this.endpoint,
      kind: outcome.kind,
      status: outcome.status,
      cause: outcome.cause,
      elapsedMs: outcome.elapsedMs,
      message: outcome.error?.message,
    };
    this.failures = [...this.failures, record];
  }
}
