import type { AimedCall, AttemptRecord, RoutePlan } from "./call.ts";
import { failed, refused } from "./classify.ts";
import type { RequestContext } from "./context.ts";
import type { Destination, Endpoint } from "./endpoint.ts";
import { MeshError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { Outcome } from "./outcome.ts";

/**
 * One try of a call. It carries the state of the policies inside the retry loop; a driver adds how it is sent. It ends exactly once: whatever
 * its transport says afterwards is dropped.
 */
export abstract class Attempt implements AimedCall {
  readonly exchange: Exchange;
  readonly slots: unknown[] = [];
  readonly attempt: number;
  readonly attemptStartedAt: number;
  attemptDeadlineAt: number = Number.POSITIVE_INFINITY;
  endpoint!: Endpoint;
  /** True once an answer was handed to the caller: from here on nothing is repeated. */
  isCommitted = false;
  isOver = false;
  /** Header pairs, name then value, that this attempt adds. */
  readonly addedHeaders: string[] = [];

  #admitted = 0;
  #answer: Outcome | undefined;

  protected constructor(exchange: Exchange) {
    this.exchange = exchange;
    this.attempt = exchange.attempt;
    this.attemptStartedAt = exchange.attempt === 1 ? exchange.startedAt : exchange.runtime.clock.now();
  }

  /** Hands the request to the transport. */
  protected abstract send(): void;
  /** Stops the transport; nothing it says from now on counts. */
  protected abstract abandon(reason: Error): void;

  get service(): string {
    return this.exchange.service;
  }
  get method(): string {
    return this.exchange.method;
  }
  get path(): string {
    return this.exchange.path;
  }
  get isIdempotent(): boolean {
    return this.exchange.isIdempotent;
  }
  get isReplayable(): boolean {
    return this.exchange.isReplayable;
  }
  get startedAt(): number {
    return this.exchange.startedAt;
  }
  get deadlineAt(): number {
    return this.exchange.deadlineAt;
  }
  set deadlineAt(at: number) {
    this.exchange.deadlineAt = at;
  }
  get failures(): readonly AttemptRecord[] {
    return this.exchange.failures;
  }
  get context(): RequestContext | undefined {
    return this.exchange.context;
  }
  get destination(): Destination {
    return this.exchange.destination;
  }
  get plan(): RoutePlan {
    return this.exchange.plan;
  }
  get retryBudgetExhausted(): boolean {
    return this.exchange.retryBudgetExhausted;
  }
  set retryBudgetExhausted(value: boolean) {
    this.exchange.retryBudgetExhausted = value;
  }

  header(name: string): string | undefined {
    return this.exchange.header(name);
  }

  addHeader(name: string, value: string): void {
    this.addedHeaders.push(name, value);
  }

  isAimedAt(endpoint: Endpoint): void {
    this.endpoint = endpoint;
    this.exchange.endpoint = endpoint;
  }

  elapsedMs(): number {
    return this.exchange.runtime.clock.now() - this.attemptStartedAt;
  }

  begin(): void {
    this.#admit(0);
  }

  /**
   * An answer's headers came. True: they are the caller's, and `finish` or `fail` follows. False: this attempt is over, another one follows, and the
   * rest of the answer is to be dropped.
   */
  answered(outcome: Outcome): boolean {
    if (this.isOver) return false;
    if (outcome.kind !== "success" && outcome.kind !== "clientError") {
      const again = this.exchange.considerRepeating(outcome);
      if (again !== undefined) {
        this.#settle(outcome);
        this.exchange.repeatAfter(again, outcome);
        return false;
      }
    }
    this.#answer = outcome;
    this.isCommitted = true;
    return true;
  }

  /** The answer is complete. */
  finish(): void {
    if (this.isOver) return;
    const outcome = this.#answer as Outcome;
    this.#settle(outcome);
    this.exchange.end(outcome);
  }

  /** No answer came, or it broke off. */
  fail(outcome: Outcome): void {
    if (this.isOver) return;
    const again = this.isCommitted ? undefined : this.exchange.considerRepeating(outcome);
    this.#settle(outcome);
    if (again === undefined) this.exchange.end(outcome);
    else this.exchange.repeatAfter(again, outcome);
  }

  /** The attempt's own time is up. */
  timeOut(now: number): void {
    const elapsed = now - this.attemptStartedAt;
    const error = new MeshError(
      "ENMESH_ATTEMPT_TIMEOUT",
      `"${this.service}" at ${this.endpoint.origin} did not answer within ${Math.round(elapsed)} ms`,
      {
        destination: this.destination.name,
      },
    );
    this.abandon(error);
    this.fail(failed("attempt-timeout", error, elapsed));
  }

  /** The call is over from outside: deadline, or its caller went away. */
  stop(outcome: Outcome): void {
    if (this.isOver) return;
    this.abandon(outcome.error as Error);
    this.#settle(outcome);
    this.exchange.end(outcome);
  }

  #admit(from: number): void {
    const { admits } = this.exchange.pipeline.attemptScope;
    for (let index = from; index < admits.length; index++) {
      const answer = admits[index]?.(this);
      if (answer === undefined) continue;
      this.#admitted = index;
      if (answer.type === "refusal") return this.fail(refused(answer, this.elapsedMs()));
      return this.exchange.hold(answer, (refusal) =>
        refusal === undefined ? this.#admit(index + 1) : this.fail(refused(refusal, this.elapsedMs())),
      );
    }
    this.#admitted = admits.length;
    this.exchange.armFor(this);
    this.send();
  }

  #settle(outcome: Outcome): void {
    this.isOver = true;
    const { settles } = this.exchange.pipeline.attemptScope;
    for (let index = this.#admitted - 1; index >= 0; index--) settles[index]?.(this, outcome);
  }
}
