import { MeshError, type Runtime, TimerNode } from "@enmesh/core";
import type { Dispatcher } from "undici";
import type { AnswerHeaders } from "../transport/request-headers.ts";
import type { DoorRequest } from "./sender.ts";

type RawHeaders = Exclude<Dispatcher.DispatchController["rawHeaders"], undefined>;

/** A single word as host is nearly always meant as a service. */
const singleWord = /^[a-z0-9-]+(:\d+)?$/;

/**
 * A call to a host that is not of the mesh: sent as it is, without a policy. Its caller can end it from the first moment on, and its own
 * `timeout` holds.
 */
export class OutsideCall extends TimerNode implements Dispatcher.DispatchHandler, Dispatcher.DispatchController {
  rawHeaders: RawHeaders = null;
  rawTrailers: RawHeaders = null;
  readonly #runtime: Runtime;
  readonly #request: DoorRequest;
  readonly #handler: Dispatcher.DispatchHandler;
  #control: Dispatcher.DispatchController | undefined;
  #isPaused = false;
  #isOver = false;
  #reason: Error | null = null;

  constructor(runtime: Runtime, request: DoorRequest, handler: Dispatcher.DispatchHandler) {
    super();
    this.#runtime = runtime;
    this.#request = request;
    this.#handler = handler;
  }

  /** Sends it through `dispatcher`. */
  start(dispatcher: Dispatcher): void {
    const { protocol, authority, path, method, headers, body, upgrade, timeoutMs } = this.#request;
    this.#handler.onRequestStart?.(this, {});
    if (this.#isOver) return;
    if (timeoutMs !== undefined) this.#runtime.timers.schedule(this, timeoutMs, true);
    dispatcher.dispatch(
      {
        origin: `${protocol}//${authority}`,
        path,
        method,
        headers: headers as string[],
        body: body as Dispatcher.DispatchOptions["body"] & {},
        ...(upgrade ? { upgrade } : {}),
      },
      this,
    );
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

  pause(): void {
    this.#isPaused = true;
    this.#control?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#control?.resume();
  }

  abort(reason: Error): void {
    if (this.#isOver) return;
    this.#reason = reason;
    this.#end();
    this.#control?.abort(reason);
    this.#handler.onResponseError?.(this, reason);
  }

  /** Its time is up. */
  due(): void {
    const { authority, timeoutMs } = this.#request;
    const message = `the call to "${authority}" was not over after ${timeoutMs} ms`;
    this.abort(new MeshError("ENMESH_DEADLINE_EXCEEDED", message, { destination: authority }));
  }

  onRequestStart(control: Dispatcher.DispatchController): void {
    if (this.#reason !== null) return control.abort(this.#reason);
    this.#control = control;
    if (this.#isPaused) control.pause();
  }

  onRequestUpgrade(
    ...[control, status, headers, socket]: Parameters<NonNullable<Dispatcher.DispatchHandler["onRequestUpgrade"]>>
  ): void {
    if (this.#isOver) return void socket.destroy();
    this.rawHeaders = control.rawHeaders ?? null;
    this.#end();
    this.#handler.onRequestUpgrade?.(this, status, headers, socket);
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  onResponseStart(control: Dispatcher.DispatchController, status: number, headers: AnswerHeaders, text?: string): void {
    if (this.#isOver) return;
    this.rawHeaders = control.rawHeaders ?? null;
    this.#handler.onResponseStart?.(this, status, headers, text);
  }

  onResponseData(_control: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isOver) this.#handler.onResponseData?.(this, chunk);
  }

  onResponseEnd(control: Dispatcher.DispatchController, trailers: AnswerHeaders): void {
    if (this.#isOver) return;
    this.rawTrailers = control.rawTrailers ?? null;
    this.#end();
    this.#handler.onResponseEnd?.(this, trailers);
  }

  onResponseError(_control: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#isOver) return;
    this.#end();
    this.#handler.onResponseError?.(this, explained(error, this.#request.authority));
  }

  #end(): void {
    this.#isOver = true;
    this.#runtime.timers.cancel(this);
  }
}

/** When DNS does not know a single word either, it was meant as a service. */
function explained(error: Error, authority: string): Error {
  const { code } = error as NodeJS.ErrnoException;
  if ((code !== "ENOTFOUND" && code !== "EAI_AGAIN") || !singleWord.test(authority)) return error;
  const message = `neither discovery nor DNS knows "${authority}"; is the service started, and its name spelled right?`;
  return new MeshError("ENMESH_UNKNOWN_DESTINATION", message, { cause: error, destination: authority });
}
