import type { Duplex } from "node:stream";
import { Attempt, answered, failed, headers as meshHeaders, parseRetryAfter } from "@enmesh/core";
import type { Dispatcher } from "undici";
import { causeOf } from "./failure-cause.ts";
import type { HttpExchange } from "./http-exchange.ts";
import { type AnswerHeaders, merge } from "./request-headers.ts";

/** An answer that nobody will read is drained when it is at most this long, so that its connection can be used again. */
const drainUpTo = 64 * 1_024;

/** One attempt over HTTP. It is undici's handler itself, so that an attempt costs one object and no promise. */
export class HttpAttempt extends Attempt implements Dispatcher.DispatchHandler {
  declare readonly exchange: HttpExchange;
  controller: Dispatcher.DispatchController | undefined;
  hasStarted = false;
  #abandonedFor: Error | undefined;

  constructor(exchange: HttpExchange) {
    super(exchange);
  }

  protected send(): void {
    const { transport, request } = this.exchange;
    const options: Dispatcher.DispatchOptions = {
      path: request.path,
      method: request.method as Dispatcher.HttpMethod,
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

  onRequestUpgrade(_controller: Dispatcher.DispatchController, statusCode: number, headers: AnswerHeaders, socket: Duplex): void {
    if (this.#abandonedFor !== undefined) return void socket.destroy();
    this.answered(answered(statusCode, this.elapsedMs()));
    this.exchange.upgraded(statusCode, headers, socket);
    this.finish();
  }

  onResponseStart(controller: Dispatcher.DispatchController, statusCode: number, headers: AnswerHeaders, statusMessage?: string): void {
    // 1xx is a word in between, not the answer (RFC 9110 §15.2).
    if (statusCode < 200 || this.#abandonedFor !== undefined) return;
    if (this.answered(this.#outcomeOf(statusCode, headers))) return this.exchange.forward(statusCode, headers, statusMessage, controller);
    if (!(Number(headers["content-length"] ?? Number.NaN) <= drainUpTo)) this.abandon(dropped);
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
    const cause = causeOf(error, this.hasStarted, this.isCommitted);
    this.fail(failed(cause, error, this.elapsedMs()));
  }

  onResponseStarted(): void {
    this.exchange.handler.onResponseStarted?.();
  }

  #outcomeOf(statusCode: number, headers: AnswerHeaders): ReturnType<typeof answered> {
    const elapsed = this.elapsedMs();
    if (statusCode !== 503 && statusCode !== 429) return answered(statusCode, elapsed);
    const retryAfterMs = parseRetryAfter(headers["retry-after"], this.exchange.runtime.clock.wall());
    return answered(statusCode, elapsed, retryAfterMs, headers[meshHeaders.shed] !== undefined);
  }
}

const dropped = new Error("another attempt was made; this answer is not needed");
