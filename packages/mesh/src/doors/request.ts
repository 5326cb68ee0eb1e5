import { type Duration, MeshError, parseDuration } from "@enmesh/core";
import type { Dispatcher } from "undici";
import { AnswerBody } from "../transport/answer-body.ts";
import type { RequestBody } from "../transport/http-exchange.ts";
import { type AnswerHeaders, find, flatten, type GivenHeaders } from "../transport/request-headers.ts";
import type { Sender } from "./sender.ts";
import { targetOf } from "./target.ts";

export interface RequestOptions {
  /** @default "GET" */
  readonly method?: string;
  readonly headers?: GivenHeaders;
  /** Text, bytes, or a stream. Text and bytes can be sent again by a retry; a stream only while nothing was read from it. */
  readonly body?: RequestBody;
  /** Sent as JSON, in place of `body`; with `content-type: application/json` unless the headers say otherwise. */
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

const known: ReadonlySet<string> = new Set([
  "method",
  "headers",
  "body",
  "json",
  "signal",
  "timeout",
  "idempotent",
  "maxBodyBytes",
]);
const none: RequestOptions = Object.freeze({});
const jsonHeaders: readonly string[] = Object.freeze(["content-type", "application/json"]);
const defaultMaxBodyBytes = 16 * 1_024 * 1_024;

/**
 * The light door: one call, answered with status, headers and a body. Rejects with a MeshError when no answer came, whatever the
 * status of an answer.
 */
export function request(sender: Sender, url: string | URL, options: RequestOptions = none): Promise<Answer> {
  return new Promise((resolve, reject) => {
    checkOptions(options);
    const { protocol, authority, path } = targetOf(url);
    const { method = "GET", json, signal, timeout } = options;
    const given = flatten(options.headers);
    const isJson = json !== undefined;
    if (signal?.aborted) return reject(reasonOf(signal));
    sender.send(
      {
        protocol,
        authority,
        path,
        method: method === "GET" ? method : method.toUpperCase(),
        headers: isJson && find(given, "content-type") === undefined ? [...given, ...jsonHeaders] : given,
        body: isJson ? JSON.stringify(json) : options.body,
        upgrade: undefined,
        isIdempotent: options.idempotent,
        timeoutMs: timeout === undefined ? undefined : parseDuration(timeout),
      },
      new AnswerHandler(resolve, reject, signal, options.maxBodyBytes ?? defaultMaxBodyBytes),
    );
  });
}

function checkOptions(options: RequestOptions): void {
  for (const name in options) {
    if (!known.has(name)) throw invalid(`no such option "${name}"; there are ${[...known].join(", ")}`);
  }
  if (options.json !== undefined && options.body !== undefined) throw invalid("give json or body, not both");
  const { maxBodyBytes, timeout } = options;
  if (timeout !== undefined && parseDuration(timeout) < 1) throw invalid("timeout must be at least 1ms");
  if (maxBodyBytes !== undefined && !(maxBodyBytes >= 0))
    throw invalid(`maxBodyBytes must be 0 or more, got ${maxBodyBytes}`);
}

function invalid(message: string): MeshError {
  return new MeshError("ENMESH_OPTION_INVALID", `request: ${message}`);
}

/** Turns the handler's calls into one promise and one body. It listens to its caller's signal itself. */
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

  constructor(
    resolve: (answer: Answer) => void,
    reject: (error: Error) => void,
    signal: AbortSignal | undefined,
    maxBodyBytes: number,
  ) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    this.#maxBodyBytes = maxBodyBytes;
  }

  onRequestStart(control: Dispatcher.DispatchController): void {
    this.#control = control;
    this.#signal?.addEventListener("abort", this);
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
    this.#signal?.removeEventListener("abort", this);
    this.body.end();
  }

  onResponseError(_control: Dispatcher.DispatchController | null, thrown: Error): void {
    this.#signal?.removeEventListener("abort", this);
    const error = thrown instanceof MeshError ? thrown : failedOutside(thrown, this.statusCode > 0);
    if (this.statusCode === 0) this.#reject(error);
    else this.body.fail(error);
  }

  /** The signal was aborted. */
  handleEvent(): void {
    this.#control?.abort(reasonOf(this.#signal as AbortSignal));
  }
}

function reasonOf(signal: AbortSignal): MeshError {
  return new MeshError("ENMESH_CANCELLED", "the call was cancelled by its signal", { cause: signal.reason });
}

/** A host that is not of the mesh fails as undici says it. */
function failedOutside(error: Error, hasAnswer: boolean): MeshError {
  const code = hasAnswer ? "ENMESH_CONNECTION_LOST" : "ENMESH_CONNECT_FAILED";
  return new MeshError(code, `a host outside of the mesh failed: ${error.message}`, { cause: error });
}
