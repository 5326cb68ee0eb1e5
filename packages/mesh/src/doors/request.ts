import { type Duration, isIdempotentMethod, MeshError, parseDuration } from "@enmesh/core";
import type { Dispatcher } from "undici";
import { AnswerBody } from "../transport/answer-body.ts";
import type { RequestBody } from "../transport/http-exchange.ts";
import { type AnswerHeaders, flatten, type GivenHeaders } from "../transport/request-headers.ts";
import type { Sender } from "./sender.ts";
import { targetOf } from "./target.ts";

export interface RequestOptions {
  /** @default "GET" */
  readonly method?: string;
  readonly headers?: GivenHeaders;
  /** Text, bytes, or a stream. Text and bytes can be sent again by a retry; a stream only while nothing was read from it. */
  readonly body?: RequestBody;
  /** Sent as JSON, in place of `body`. */
  readonly json?: unknown;
  /** Ends the call. */
  readonly signal?: AbortSignal;
  /** For the whole call, in place of the mesh's default. */
  readonly timeout?: Duration;
  /** Running it twice does what running it once does. @default by method, and true with an `Idempotency-Key` header */
  readonly idempotent?: boolean;
  /** Reading more of the body than this at once fails with `ENMESH_BODY_TOO_LARGE`. @default 16 MiB */
  readonly maxBodyBytes?: number;
}

export interface Answer {
  readonly statusCode: number;
  /** Lower-case names. */
  readonly headers: AnswerHeaders;
  readonly body: AnswerBody;
  /** Complete once the body was read. */
  readonly trailers: AnswerHeaders;
}

const known: ReadonlySet<string> = new Set(["method", "headers", "body", "json", "signal", "timeout", "idempotent", "maxBodyBytes"]);
const none: RequestOptions = Object.freeze({});
const jsonHeaders: readonly string[] = Object.freeze(["content-type", "application/json"]);
const defaultMaxBodyBytes = 16 * 1_024 * 1_024;

/** The light door: one call, answered with status, headers and a body. Rejects with a MeshError when no answer came. */
export function request(sender: Sender, url: string | URL, options: RequestOptions = none): Promise<Answer> {
  return new Promise((resolve, reject) => {
    checkOptions(options);
    const { protocol, authority, path } = targetOf(url);
    const method = options.method ?? "GET";
    const given = flatten(options.headers);
    const isJson = options.json !== undefined;
    const answer = new AnswerHandler(resolve, reject, options.signal, options.maxBodyBytes ?? defaultMaxBodyBytes);
    if (answer.isAborted) return;
    sender.send(
      {
        protocol,
        authority,
        path,
        method: method === "GET" ? method : method.toUpperCase(),
        headers: isJson ? [...given, ...jsonHeaders] : given,
        body: isJson ? JSON.stringify(options.json) : options.body,
        isIdempotent: options.idempotent ?? (isIdempotentMethod(method) ? true : undefined),
        timeoutMs: options.timeout === undefined ? undefined : parseDuration(options.timeout),
      },
      answer,
    );
  });
}

function checkOptions(options: RequestOptions): void {
  for (const name in options) {
    if (!known.has(name)) throw new MeshError("ENMESH_OPTION_INVALID", `request: no such option "${name}"; there are ${[...known].join(", ")}`);
  }
  if (options.json !== undefined && options.body !== undefined) throw new MeshError("ENMESH_OPTION_INVALID", "request: give json or body, not both");
}

/** Turns the handler's calls into one promise and one body. */
class AnswerHandler implements Dispatcher.DispatchHandler, Answer {
  statusCode = 0;
  headers: AnswerHeaders = {};
  trailers: AnswerHeaders = {};
  body!: AnswerBody;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: Error) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #maxBodyBytes: number;
  #control: Dispatcher.DispatchController | undefined;

  constructor(resolve: (answer: Answer) => void, reject: (error: Error) => void, signal: AbortSignal | undefined, maxBodyBytes: number) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    this.#maxBodyBytes = maxBodyBytes;
    if (signal?.aborted) reject(reasonOf(signal));
  }

  get isAborted(): boolean {
    return this.#signal?.aborted === true;
  }

  onRequestStart(control: Dispatcher.DispatchController): void {
    this.#control = control;
    this.#signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  onResponseStart(control: Dispatcher.DispatchController, statusCode: number, headers: AnswerHeaders): void {
    if (statusCode < 200) return;
    this.statusCode = statusCode;
    this.headers = headers;
    this.body = new AnswerBody(control, this.#maxBodyBytes);
    this.#resolve(this);
  }

  onResponseData(_control: Dispatcher.DispatchController, chunk: Buffer): void {
    this.body.push(chunk);
  }

  onResponseEnd(_control: Dispatcher.DispatchController, trailers: AnswerHeaders): void {
    this.trailers = trailers;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.body.end();
  }

  onResponseError(_control: Dispatcher.DispatchController | null, error: Error): void {
    this.#signal?.removeEventListener("abort", this.#onAbort);
    if (this.statusCode === 0) this.#reject(error);
    else this.body.fail(error);
  }

  readonly #onAbort = (): void => {
    this.#control?.abort(reasonOf(this.#signal as AbortSignal));
  };
}

function reasonOf(signal: AbortSignal): Error {
  return new MeshError("ENMESH_CANCELLED", "the call was cancelled by its signal", { cause: signal.reason });
}

