import type { IncomingMessage, ServerResponse } from "node:http";
import {
  type InboundRecord,
  MeshError,
  type MeshErrorCode,
  type Peer,
  type RequestContext,
  type Runtime,
  type TraceContext,
  headers as meshHeaders,
  runInContext,
} from "@enmesh/core";
import { randomRequestId } from "./request-id.ts";

/** What the tracing package gives for one inbound request. */
export interface InboundTrace {
  readonly trace: TraceContext | undefined;
  run<T>(handler: () => T): T;
  end(record: InboundRecord): void;
}

export interface InboundParts {
  readonly runtime: Runtime;
  readonly startTrace: (header: (name: string) => string | undefined, method: string, path: string) => InboundTrace;
  readonly observers: readonly ((record: InboundRecord) => void)[];
  /** True for a process that the outside world reaches: nothing that only the mesh may say is believed. */
  readonly isEdge: boolean;
  readonly isDraining: () => boolean;
}

/** A deadline further away than this is none. */
const longestDeadlineMs = 3_600_000;
/** How often a request may say it was repeated. */
const highestAttempt = 100;

/** Counts and carries inbound requests. One per mesh. */
export class Inbound {
  readonly #parts: InboundParts;
  #running = 0;
  #whenIdle: (() => void)[] = [];

  constructor(parts: InboundParts) {
    this.#parts = parts;
  }

  /** Requests under way. */
  get running(): number {
    return this.#running;
  }

  /** Calls back once no request is under way. */
  whenIdle(callback: () => void): void {
    if (this.#running === 0) callback();
    else this.#whenIdle.push(callback);
  }

  /** Carries one request: observe → drain gate → deadline → handler. `route` is asked at the end, when the framework knows it. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    handler: () => void,
    route: () => string | undefined = noRoute,
  ): void {
    // The ping of HTTP (RFC 9110 §9.3.7): how other members of the mesh ask whether this process answers at all.
    if (request.method === "OPTIONS" && request.url === "*") return answer(response, 204);
    // Its caller went away while it waited in front of us: there would be no "close" to count it out again.
    if (response.closed) return handler();
    const entered = new InboundRequest(this.#parts, request, response, route);
    this.#running += 1;
    response.once("close", () => {
      this.#running -= 1;
      entered.end();
      if (this.#running === 0) for (const callback of this.#whenIdle.splice(0)) callback();
    });
    // Said on every answer while draining, so that the caller's connection moves elsewhere before this one closes.
    if (this.#parts.isDraining()) {
      response.setHeader("connection", "close");
      response.setHeader(meshHeaders.draining, "1");
    }
    if (entered.deadlineAt <= this.#parts.runtime.clock.now()) return entered.refuse("ENMESH_DEADLINE_EXCEEDED", 504);
    entered.run(handler);
  }
}

/** One inbound request, and the context of the calls that are made to answer it. */
export class InboundRequest implements RequestContext {
  readonly attempt: number;
  readonly requestId: string;
  readonly trace: TraceContext | undefined;
  readonly peer: Peer | undefined;
  readonly #parts: InboundParts;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #route: () => string | undefined;
  readonly #tracing: InboundTrace;
  readonly #startedAt: number;
  readonly #answerBy: number;
  readonly #over: number;
  #abort: AbortController | undefined;
  #refusedWith: MeshErrorCode | undefined;

  constructor(
    parts: InboundParts,
    request: IncomingMessage,
    response: ServerResponse,
    route: () => string | undefined,
  ) {
    const { runtime, isEdge } = parts;
    const header = (name: string): string | undefined => one(request.headers[name]);
    const inner = isEdge ? nothing : header;
    this.#parts = parts;
    this.#request = request;
    this.#response = response;
    this.#route = route;
    this.#startedAt = runtime.clock.now();
    const patience = patienceOf(inner(meshHeaders.deadline));
    this.#over = this.#startedAt + patience.callMs;
    this.#answerBy = this.#startedAt + Math.min(patience.answerMs, patience.callMs);
    this.attempt = Math.min(Math.max(1, wholeNumber(inner(meshHeaders.attempt)) ?? 1), highestAttempt);
    this.requestId = usableId(inner(meshHeaders.requestId)) ?? randomRequestId(runtime.random);
    this.peer = peerOf(inner(meshHeaders.source));
    this.#tracing = parts.startTrace(inner, request.method ?? "GET", pathOf(request));
    this.trace = this.#tracing.trace;
  }

  /** Until the head of our answer is out, the caller waits for that; from then on for the rest, and for an event stream without end. */
  get deadlineAt(): number {
    if (!this.#response.headersSent) return this.#answerBy;
    return isEndless(this.#response) ? Number.POSITIVE_INFINITY : this.#over;
  }

  /** Aborts when the caller goes away, or stops waiting. Made when it is first asked for. */
  get signal(): AbortSignal {
    this.#abort ??= this.#openSignal();
    return this.#abort.signal;
  }

  run(handler: () => void): void {
    runInContext(this, () => this.#tracing.run(handler));
  }

  /** Answers in place of the handler: nothing has run, so the request may be repeated elsewhere. */
  refuse(code: MeshErrorCode, status: number): void {
    this.#refusedWith = code;
    this.#response.setHeader(meshHeaders.shed, "1");
    answer(this.#response, status, `${code}\n`);
  }

  /** The answer is out, or its reader is gone. */
  end(): void {
    const isAborted = !this.#response.writableFinished;
    if (isAborted) this.#abort?.abort(callerLeft());
    try {
      this.#report(isAborted);
    } catch (error) {
      // An observer that fails must not end the process.
      this.#parts.runtime.events.report({ type: "observer.failed", error });
    }
  }

  #report(isAborted: boolean): void {
    const record: InboundRecord = {
      method: this.#request.method ?? "GET",
      path: pathOf(this.#request),
      route: this.#route(),
      status: this.#response.headersSent ? this.#response.statusCode : 0,
      durationMs: this.#parts.runtime.clock.now() - this.#startedAt,
      peer: this.peer,
      trace: this.trace,
      requestId: this.requestId,
      attempt: this.attempt,
      isAborted,
      refusedWith: this.#refusedWith,
    };
    this.#tracing.end(record);
    for (const observe of this.#parts.observers) observe(record);
  }

  #openSignal(): AbortController {
    const abort = new AbortController();
    // Whoever asks after the end gets what the end has brought.
    if (this.#response.closed) {
      if (!this.#response.writableFinished) abort.abort(callerLeft());
      return abort;
    }
    let timer: NodeJS.Timeout | undefined;
    const look = (): void => {
      const left = this.deadlineAt - this.#parts.runtime.clock.now();
      if (left <= 0) abort.abort(callerGaveUp());
      else if (left !== Number.POSITIVE_INFINITY) timer = setTimeout(look, left).unref();
    };
    look();
    this.#response.once("close", () => clearTimeout(timer));
    return abort;
  }
}

function isEndless(response: ServerResponse): boolean {
  const type = response.getHeader("content-type");
  return typeof type === "string" && type.startsWith("text/event-stream");
}

/** How long a caller says it waits: for the whole answer, and for its head. What cannot be read, and what is beyond all reason, is no limit. */
function patienceOf(text: string | undefined): { readonly callMs: number; readonly answerMs: number } {
  const [call = "", head] = (text ?? "").split(";answer=", 2);
  return { callMs: limit(wholeNumber(call)), answerMs: limit(wholeNumber(head)) };
}

function limit(ms: number | undefined): number {
  return ms === undefined || ms > longestDeadlineMs ? Number.POSITIVE_INFINITY : ms;
}

function callerLeft(): MeshError {
  return new MeshError(
    "ENMESH_CANCELLED",
    "the caller went away before it had its answer; what was begun for it can stop",
  );
}

function callerGaveUp(): MeshError {
  return new MeshError("ENMESH_DEADLINE_EXCEEDED", "the caller no longer waits; what was begun for it can stop");
}

const noRoute = (): undefined => undefined;
const nothing = (): undefined => undefined;

function answer(response: ServerResponse, status: number, text = ""): void {
  response.statusCode = status;
  if (text !== "") response.setHeader("content-type", "text/plain; charset=utf-8");
  response.end(text);
}

function one(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.[0];
}

function pathOf(request: IncomingMessage): string {
  // Express shortens `url` inside a mounted router and keeps the whole in `originalUrl`.
  const url = (request as { originalUrl?: string }).originalUrl ?? request.url ?? "/";
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

function usableId(text: string | undefined): string | undefined {
  return text !== undefined && /^[\w.:-]{1,128}$/.test(text) ? text : undefined;
}

/** `namespace/service/version`. */
function peerOf(text: string | undefined): Peer | undefined {
  if (text === undefined || text.length > 256) return undefined;
  const [namespace, service, version, ...rest] = text.split("/");
  if (!namespace || !service || !version || rest.length > 0) return undefined;
  const isName = (name: string): boolean => /^[\w.-]{1,100}$/.test(name);
  return isName(namespace) && isName(service) && isName(version) ? { namespace, service, version } : undefined;
}
