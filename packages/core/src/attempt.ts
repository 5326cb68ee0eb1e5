import { ask, tell } from "./asking.ts";
import type { AimedCall, AttemptRecord, RoutePlan } from "./call.ts";
import { failed, refused } from "./classify.ts";
import type { RequestContext } from "./context.ts";
import type { Destination, Endpoint } from "./endpoint.ts";
import { MeshError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { Outcome } from "./outcome.ts";
import { noSlots } from "./slot.ts";

/**
 * One try of a call. It carries the state of the policies inside the retry loop; a driver adds how it is sent. It ends exactly once: whatever
 * its transport says afterwards is dropped.
 */
export abstract class Attempt implements AimedCall {
  readonly exchange: Exchange;
  slots: unknown[] = noSlots;
  readonly attempt: number;
  attemptStartedAt: number;
  attemptDeadlineAt: number = Number.POSITIVE_INFINITY;
  endpoint!: Endpoint;
  /** True once an answer was handed to the caller: from here on nothing is repeated. */
  isCommitted = false;
  isOver = false;
  /** Header pairs, name then value, that this attempt adds. */
  readonly addedHeaders: string[] = [];

  #admitted = 0;
  #wasSent = false;
  #answer: Outcome | undefined;

  protected constructor(exchange: Exchange) {
    this.exchange = exchange;
    this.attempt = exchange.attempt;
    const beganWithTheCall = exchange.attempt === 1 && !exchange.hasWaited;
    this.attemptStartedAt = beganWithTheCall ? exchange.startedAt : exchange.runtime.clock.now();
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
  get settledAt(): number {
    return this.exchange.settledAt;
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
    if (this.isOver || this.isCommitted) return !this.isOver;
    if (outcome.kind !== "success") {
      const again = this.exchange.considerRepeating(outcome);
      if (again !== undefined) {
        this.#settle(outcome);
        this.exchange.repeatAfter(again, outcome);
        return false;
      }
      if (this.exchange.stopped !== undefined) {
        this.stop(this.exchange.stopped);
        return false;
      }
    }
    this.#answer = outcome;
    this.isCommitted = true;
    this.#noteAnswer(outcome);
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
    if (!this.isOver) this.#conclude(outcome);
  }

  /** The attempt's own time is up. */
  timeOut(now: number): void {
    const elapsed = now - this.attemptStartedAt;
    const where = this.endpoint === undefined ? "" : ` at ${this.endpoint.origin}`;
    const error = new MeshError(
      "ENMESH_ATTEMPT_TIMEOUT",
      `"${this.service}"${where} did not answer within ${Math.round(elapsed)} ms`,
      {
        destination: this.destination.name,
      },
    );
    this.#abandonFor(error);
    this.#conclude(failed("attempt-timeout", error, elapsed));
  }

  /** The call is over from outside: deadline, or its caller went away. */
  stop(outcome: Outcome): void {
    if (this.isOver) return;
    this.#abandonFor(outcome.error as Error);
    const own = { ...outcome, elapsedMs: this.elapsedMs(), mayHaveRun: this.#wasSent && outcome.mayHaveRun };
    this.#settle(own);
    this.exchange.end(own);
  }

  #conclude(outcome: Outcome): void {
    const again = this.isCommitted ? undefined : this.exchange.considerRepeating(outcome);
    this.#settle(outcome);
    if (again === undefined) this.exchange.end(outcome);
    else this.exchange.repeatAfter(again, outcome);
  }

  #abandonFor(reason: Error): void {
    // First of all, so that a transport which complains at once is not heard.
    this.isOver = true;
    this.abandon(reason);
  }

  #admit(from: number): void {
    const { exchange } = this;
    const admitted = ask(exchange, exchange.pipeline.attemptScope, from, this);
    this.#admitted = admitted;
    if (exchange.stopped !== undefined) return this.stop(exchange.stopped);
    const { answer } = exchange;
    if (answer !== undefined) {
      if (answer.type === "refusal") return this.fail(refused(answer, this.elapsedMs()));
      return exchange.hold(answer, (refusal) => {
        if (refusal !== undefined) return this.fail(refused(refusal, this.elapsedMs()));
        this.attemptStartedAt = exchange.runtime.clock.now();
        this.#admit(admitted + 1);
      });
    }
    if (!exchange.armFor(this)) return;
    this.#wasSent = true;
    this.send();
  }

  /** The endpoint owes no answer any more, though its body may go on for hours. No policy is asked at this moment. */
  #noteAnswer(outcome: Outcome): void {
    const health = this.endpoint?.health;
    if (health === undefined) return;
    health.answering += 1;
    health.lastAnswerAt = Math.max(health.lastAnswerAt, this.attemptStartedAt + outcome.elapsedMs);
  }

  #settle(outcome: Outcome): void {
    this.isOver = true;
    this.exchange.settledAt = this.exchange.runtime.clock.now();
    if (this.isCommitted && this.endpoint !== undefined) this.endpoint.health.answering -= 1;
    tell(this.exchange, this.exchange.pipeline.attemptScope, this.#admitted, this, outcome);
  }
}
