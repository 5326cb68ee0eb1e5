import type { Duplex } from "node:stream";
import { Attempt, answered, failed, headers as meshHeaders, parseRetryAfter, TimerCallback } from "@enmesh/core";
import type { Dispatcher } from "undici";
import { causeOf } from "./failure-cause.ts";
import type { HttpExchange } from "./http-exchange.ts";
import { type AnswerHeaders, merge } from "./request-headers.ts";

/** An answer that nobody will read is drained when it is at most this long, so that its connection can be used again. */
const drainUpTo = 64 * 1_024;
/** And when the rest comes within this time; else one silent upstream after the other would hold a connection for ever. */
const drainWithinMs = 1_000;

/** One attempt over HTTP. It is undici's handler itself, so that an attempt costs one object and no promise. */
export class HttpAttempt extends Attempt implements Dispatcher.DispatchHandler {
  declare readonly exchange: HttpExchange;
  controller: Dispatcher.DispatchController | undefined;
  hasStarted = false;
  #abandonedFor: Error | undefined;

  // Not useless: it is public here.
  // oxlint-disable-next-line no-useless-constructor
  constructor(exchange: HttpExchange) {
    super(exchange);
  }

  protected send(): void {
    const { transport, request } = this.exchange;
    const options: Dispatcher.DispatchOptions & { servername: string | undefined } = {
      // A plain connection has no use for it, but told, undici need not take the host header apart for it call after call.
      servername: this.endpoint.protocol === "http" ? request.authority : undefined,
      path: request.path,
      method: request.method,
      headers: merge(request.headers, this.addedHeaders, request.authority, transport.constantHeaders),
      body: request.body as Dispatcher.DispatchOptions["body"] & {},
    };
    if (request.upgrade) options.upgrade = request.upgrade;
    const pool = transport.pools.of(this.endpoint);
    if (transport.unseen === undefined) pool.dispatch(options, this);
    else transport.unseen(() => pool.dispatch(options, this));
  }

  protected abandon(reason: Error): void {
    this.#abandonedFor = reason;
    this.controller?.abort(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#abandonedFor !== undefined) return controller.abort(this.#abandonedFor);
    this.hasStarted = true;
    this.controller = controller;
    if (this.exchange.paused) controller.pause();
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: AnswerHeaders,
    socket: Duplex,
  ): void {
    if (this.#abandonedFor !== undefined) return void socket.destroy();
    this.answered(answered(statusCode, this.elapsedMs()));
    this.exchange.upgraded(statusCode, headers, socket, controller);
    this.finish();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: AnswerHeaders,
    statusMessage?: string,
  ): void {
    if (this.#abandonedFor !== undefined) return;
    // 1xx is a word in between, not the answer (RFC 9110 §15.2).
    if (statusCode < 200)
      return this.exchange.handler.onResponseStart?.(this.exchange, statusCode, headers, statusMessage);
    if (this.answered(this.#outcomeOf(statusCode, headers)))
      return this.exchange.forward(statusCode, headers, statusMessage, controller);
    this.#drop(headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.isCommitted && !this.isOver) this.exchange.handler.onResponseData?.(this.exchange, chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: AnswerHeaders): void {
    if (!this.isCommitted || this.isOver) return;
    this.exchange.trailers = trailers;
    this.exchange.rawTrailers = controller.rawTrailers ?? null;
    this.controller = undefined;
    this.finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#abandonedFor !== undefined || this.isOver) return;
    const { body } = this.exchange.request;
    const cause = causeOf(error, { wasStarted: this.hasStarted, hasAnswer: this.isCommitted, body });
    const outcome = failed(cause, error, this.elapsedMs());
    // A request that cannot be sent says nothing about anybody else: it must not open a breaker.
    this.fail(cause === "error" ? { ...outcome, kind: "ignorable" } : outcome);
  }

  onResponseStarted(): void {
    this.exchange.handler.onResponseStarted?.();
  }

  /** Another attempt follows, or the call is over: what is left of this answer is read only to keep its connection. */
  #drop(headers: AnswerHeaders): void {
    if (this.#abandonedFor !== undefined) return;
    if (!(Number(headers["content-length"]) <= drainUpTo)) return this.abandon(dropped);
    const { timers } = this.exchange.runtime;
    timers.schedule(new TimerCallback(() => this.abandon(dropped)), drainWithinMs);
  }

  #outcomeOf(statusCode: number, headers: AnswerHeaders): ReturnType<typeof answered> {
    const elapsed = this.elapsedMs();
    if (statusCode !== 503 && statusCode !== 429) return answered(statusCode, elapsed);
    // An upstream that sends the header twice gives a list.
    const retryAfter: unknown = headers["retry-after"];
    const retryAfterMs =
      typeof retryAfter === "string" ? parseRetryAfter(retryAfter, this.exchange.runtime.clock.wall()) : undefined;
    return answered(statusCode, elapsed, retryAfterMs, headers[meshHeaders.shed] !== undefined);
  }
}

const dropped = new Error("another attempt was made; this answer is not needed");
