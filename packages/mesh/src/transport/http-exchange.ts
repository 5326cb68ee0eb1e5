import {
  type Attempt,
  Exchange,
  errorOf,
  headers as meshHeaders,
  isIdempotentMethod,
  MeshError,
  type Outcome,
  type Pipeline,
  type Runtime,
} from "@enmesh/core";
import type { Duplex } from "node:stream";
import type { Dispatcher } from "undici";
import { HttpAttempt } from "./http-attempt.ts";
import type { Pools } from "./pools.ts";
import { type AnswerHeaders, find } from "./request-headers.ts";

/** A body that can be sent: text and bytes can be sent again, a stream only while nobody has read from it. */
export type RequestBody = Dispatcher.DispatchOptions["body"] | AsyncIterable<Uint8Array>;

type RawHeaders = Exclude<Dispatcher.DispatchController["rawHeaders"], undefined>;

/** What all HTTP calls of a mesh have in common. */
export interface HttpTransport {
  readonly runtime: Runtime;
  readonly pipeline: Pipeline;
  readonly pools: Pools;
  /** Header pairs that go with every call: who we are. */
  readonly constantHeaders: readonly string[];
  /** Runs a dispatch where no other instrumentation sees it. */
  readonly unseen: (<T>(dispatch: () => T) => T) | undefined;
}

export interface HttpRequest {
  /** What the caller wrote as host, for the `Host` header. */
  readonly authority: string;
  readonly method: string;
  readonly path: string;
  /** Flat: name, value, name, value. */
  readonly headers: readonly string[];
  readonly body: RequestBody;
  readonly upgrade?: string | boolean | null | undefined;
  readonly isIdempotent?: boolean | undefined;
  readonly timeoutMs?: number | undefined;
}

/**
 * One HTTP call through the pipeline: the HTTP driver. Downstream it looks like an undici request: one handler, and a controller
 * that stays the same over all attempts.
 */
export class HttpExchange extends Exchange implements Dispatcher.DispatchController {
  readonly request: HttpRequest;
  readonly transport: HttpTransport;
  handler: Dispatcher.DispatchHandler;
  rawHeaders: RawHeaders = null;
  rawTrailers: RawHeaders = null;
  trailers: AnswerHeaders = {};
  #attempt: HttpAttempt | undefined;
  #isPaused = false;
  #reason: Error | null = null;
  #hasUpgraded = false;

  constructor(transport: HttpTransport, service: string, request: HttpRequest, handler: Dispatcher.DispatchHandler) {
    super(transport.runtime, transport.pipeline, service);
    this.transport = transport;
    this.request = request;
    this.handler = handler;
    if (request.timeoutMs !== undefined) this.deadlineAt = this.startedAt + request.timeoutMs;
  }

  get method(): string {
    return this.request.method;
  }
  get path(): string {
    return this.request.path;
  }
  get isIdempotent(): boolean {
    return (
      this.request.isIdempotent ??
      (isIdempotentMethod(this.request.method) || find(this.request.headers, meshHeaders.idempotencyKey) !== undefined)
    );
  }
  get isReplayable(): boolean {
    const { body } = this.request;
    if (body === null || body === undefined || typeof body === "string" || ArrayBuffer.isView(body)) return true;
    return body instanceof ArrayBuffer || this.#attempt?.hasStarted !== true;
  }
  get aborted(): boolean {
    return this.#reason !== null;
  }
  get paused(): boolean {
    return this.#isPaused;
  }
  get reason(): Error | null {
    return this.#reason;
  }

  /** Starts the call; the handler is told first of all how to stop it. */
  start(): void {
    this.handler.onRequestStart?.(this, {});
    if (!this.isOver) this.begin();
  }

  header(name: string): string | undefined {
    return find(this.request.headers, name);
  }

  pause(): void {
    this.#isPaused = true;
    this.#attempt?.controller?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#attempt?.controller?.resume();
  }

  /** The downstream handler gives up. */
  abort(reason: Error): void {
    this.#reason ??= reason;
    this.cancel(reason);
  }

  protected createAttempt(): Attempt {
    this.#attempt = new HttpAttempt(this);
    return this.#attempt;
  }

  /** The answer's headers are the caller's now. */
  forward(
    statusCode: number,
    answerHeaders: AnswerHeaders,
    statusMessage: string | undefined,
    controller: Dispatcher.DispatchController,
  ): void {
    this.rawHeaders = controller.rawHeaders ?? null;
    // An event stream is meant to go on: it ends when its caller stops listening, not at a deadline.
    if (isEndless(answerHeaders)) {
      this.deadlineAt = Number.POSITIVE_INFINITY;
      this.runtime.timers.cancel(this);
    }
    this.handler.onResponseStart?.(this, statusCode, answerHeaders, statusMessage);
  }

  /** The connection changes protocol: from here on it is the caller's alone. */
  upgraded(
    statusCode: number,
    answerHeaders: AnswerHeaders,
    socket: Duplex,
    { rawHeaders }: Dispatcher.DispatchController,
  ): void {
    this.#hasUpgraded = true;
    this.rawHeaders = rawHeaders ?? null;
    this.handler.onRequestUpgrade?.(this, statusCode, answerHeaders, socket);
  }

  protected deliver(outcome: Outcome): void {
    const { handler } = this;
    // Let go of everything young: an exchange that has grown old must not keep what came after it alive until the next full collection.
    this.handler = spent;
    this.#attempt = undefined;
    if (this.#hasUpgraded) return;
    if (outcome.status > 0 && outcome.error === undefined) handler.onResponseEnd?.(this, this.trailers);
    else handler.onResponseError?.(this, this.errorFor(outcome));
  }

  errorFor(outcome: Outcome): Error | MeshError {
    // Whoever aborted gets its own reason back, as undici does it.
    if (outcome.cause === "cancelled" && this.#reason !== null) return this.#reason;
    return outcome.cause === "error" ? this.#unsendable(outcome) : errorOf(this, outcome);
  }

  /** The request itself was wrong: a header with a line break, a body that broke while it was read. */
  #unsendable({ error }: Outcome): MeshError {
    const message = `the request to "${this.service}" could not be sent: ${error?.message}; mend its headers or its body`;
    return new MeshError("ENMESH_BAD_REQUEST", message, {
      cause: error,
      destination: this.destination.name,
      attempts: this.failures,
    });
  }
}

const spent: Dispatcher.DispatchHandler = Object.freeze({});

function isEndless(answerHeaders: AnswerHeaders): boolean {
  // An upstream that sends the header twice gives a list.
  const type: unknown = answerHeaders["content-type"];
  return typeof type === "string" && /^text\/event-stream\b/i.test(type);
}
