import { AsyncLocalStorage } from "node:async_hooks";

import { Attempt } from "./attempt.ts";
import { answered, failed } from "./classify.ts";
import type { Destination } from "./endpoint.ts";
import { MeshError } from "./errors.ts";
import { Exchange } from "./exchange.ts";
import type { Outcome } from "./outcome.ts";
import { errorOf } from "./outcome-error.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Runtime } from "./runtime.ts";

/** What a guarded function can ask of the attempt that runs it. */
export interface AttemptInfo {
  /** 1 for the first. */
  readonly attempt: number;
  /** Aborts when the attempt's time is up or the caller went away. */
  readonly signal: AbortSignal;
  /** Milliseconds until nobody waits for this attempt any more; `Infinity` when there is no limit. */
  readonly remainingMs: number;
}

/** Says what a thrown value means. @default `transient`: worth another try */
export type FunctionClassifier = (error: unknown) => "transient" | "fatal" | "clientError";

const running = new AsyncLocalStorage<AttemptInfo>();

/** The attempt of the guarded function that is running here, or undefined outside of one. */
export function currentAttempt(): AttemptInfo | undefined {
  return running.getStore();
}

/** Carries calls of a plain function through a pipeline: the function driver. */
export class FunctionExchange<T> extends Exchange {
  readonly method = "CALL";
  readonly path = "";
  readonly isIdempotent: boolean;
  readonly isReplayable = true;
  readonly action: (info: AttemptInfo) => T | PromiseLike<T>;
  readonly classify: FunctionClassifier;
  readonly promise: Promise<T>;
  value: T | undefined;
  thrown: unknown;
  /** A later attempt is started by a timer; it still belongs to whoever made the call. */
  readonly #asCaller = AsyncLocalStorage.snapshot();
  #resolve!: (value: T) => void;
  #reject!: (error: unknown) => void;

  constructor(
    runtime: Runtime,
    pipeline: Pipeline,
    destination: Destination,
    action: (info: AttemptInfo) => T | PromiseLike<T>,
    options: { readonly isIdempotent: boolean; readonly classify: FunctionClassifier },
  ) {
    super(runtime, pipeline, destination.name);
    this.destination = destination;
    this.plan = functionPlan;
    this.action = action;
    this.isIdempotent = options.isIdempotent;
    this.classify = options.classify;
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  run(info: AttemptInfo): T | PromiseLike<T> {
    if (info.attempt === 1 && !this.hasWaited) return running.run(info, this.action, info);
    return this.#asCaller(() => running.run(info, this.action, info));
  }

  header(): undefined {
    return undefined;
  }

  protected createAttempt(): FunctionAttempt<T> {
    return new FunctionAttempt(this);
  }

  protected deliver(outcome: Outcome): void {
    if (outcome.kind === "success") this.#resolve(this.value as T);
    else if (outcome.cause === "error") this.#reject(this.thrown);
    else this.#reject(errorOf(this, outcome));
  }
}

const functionPlan = Object.freeze({ name: "function" });

class FunctionAttempt<T> extends Attempt implements AttemptInfo {
  declare readonly exchange: FunctionExchange<T>;
  #abort: AbortController | undefined;
  #abandonedFor: Error | undefined;

  // Attempt's own constructor is protected: an attempt is made by its exchange.
  // oxlint-disable-next-line no-useless-constructor
  constructor(exchange: FunctionExchange<T>) {
    super(exchange);
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#abandonedFor !== undefined) this.#abort.abort(this.#abandonedFor);
    return this.#abort.signal;
  }

  get remainingMs(): number {
    return Math.max(0, Math.min(this.deadlineAt, this.attemptDeadlineAt) - this.exchange.runtime.clock.now());
  }

  protected send(): void {
    let result: T | PromiseLike<T>;
    try {
      result = this.exchange.run(this);
    } catch (error) {
      return this.#failed(error);
    }
    if (isPromiseLike(result))
      result.then(
        (value) => this.#done(value),
        (error: unknown) => this.#failed(error),
      );
    else this.#done(result);
  }

  protected abandon(reason: Error): void {
    this.#abandonedFor = reason;
    this.#abort?.abort(reason);
  }

  #done(value: T): void {
    if (this.isOver) return;
    this.exchange.value = value;
    if (this.answered(answered(200, this.elapsedMs()))) this.finish();
  }

  #failed(thrown: unknown): void {
    if (this.isOver) return;
    this.exchange.thrown = thrown;
    const error =
      thrown instanceof Error ? thrown : new MeshError("ENMESH_UPSTREAM_FAILED", nameOf(thrown), { cause: thrown });
    this.fail({ ...failed("error", error, this.elapsedMs()), kind: this.#classify(thrown) });
  }

  #classify(thrown: unknown): ReturnType<FunctionClassifier> {
    try {
      return this.exchange.classify(thrown);
    } catch (error) {
      // The caller is to see why its own classifier failed, not wait for ever.
      this.exchange.thrown = error;
      return "fatal";
    }
  }
}

function nameOf(thrown: unknown): string {
  return typeof thrown === "string" ? thrown : `something that is not an Error was thrown (${typeof thrown})`;
}

function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
