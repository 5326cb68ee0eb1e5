import { MeshError } from "@enmesh/core";
import type { Dispatcher } from "undici";
import { HttpExchange, type HttpRequest, type HttpTransport, type RequestBody } from "../transport/http-exchange.ts";

/** A request at the door: a URL's parts, not yet a service. */
export interface DoorRequest {
  readonly protocol: "http:" | "https:";
  readonly authority: string;
  readonly path: string;
  readonly method: string;
  readonly headers: readonly string[];
  readonly body: RequestBody;
  readonly upgrade?: string | boolean | null | undefined;
  readonly isIdempotent?: boolean | undefined;
  readonly timeoutMs?: number | undefined;
}

/** What stands behind every door. */
export interface Sender {
  send(request: DoorRequest, handler: Dispatcher.DispatchHandler): void;
}

export interface SenderParts {
  readonly transport: HttpTransport;
  /** The service that a host name means, or undefined when it is not one of the mesh. */
  readonly serviceOf: (authority: string) => string | undefined;
  /** Carries what is not for the mesh, untouched. Absent: it is refused. */
  readonly outside: Dispatcher | undefined;
}

/** Decides at the door whether a host is a service of the mesh, and starts the call. */
export function createSender({ transport, serviceOf, outside }: SenderParts): Sender {
  return {
    send: (request, handler) => {
      const service = serviceOf(request.authority);
      if (service === undefined && outside !== undefined) return sendOutside(outside, request, handler);
      const exchange = new HttpExchange(transport, forService(request, service ?? request.authority), handler);
      exchange.start();
    },
  };
}

function forService(request: DoorRequest, service: string): HttpRequest {
  return { ...request, service };
}

function sendOutside(outside: Dispatcher, request: DoorRequest, handler: Dispatcher.DispatchHandler): void {
  outside.dispatch(
    {
      origin: `${request.protocol}//${request.authority}`,
      path: request.path,
      method: request.method as Dispatcher.HttpMethod,
      headers: request.headers as string[],
      body: request.body as Dispatcher.DispatchOptions["body"] & {},
      ...(request.upgrade ? { upgrade: request.upgrade } : {}),
    },
    /^[a-z0-9-]+(:\d+)?$/.test(request.authority) ? explaining(request.authority, handler) : handler,
  );
}

/** A single word as host is nearly always meant as a service: when DNS does not know it either, say so. */
function explaining(authority: string, handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  const told = Object.create(handler) as Dispatcher.DispatchHandler;
  for (const name of ["onRequestStart", "onRequestUpgrade", "onResponseStart", "onResponseData", "onResponseEnd"] as const) {
    // Bound, so that handlers with private fields still find themselves.
    const own = handler[name] as ((...values: unknown[]) => void) | undefined;
    if (own !== undefined) (told as Record<string, unknown>)[name] = own.bind(handler);
  }
  told.onResponseError = (controller, error) => {
    const { code } = error as NodeJS.ErrnoException;
    const message = `neither discovery nor DNS knows "${authority}"; is the service started, and its name spelled right?`;
    const isUnknown = code === "ENOTFOUND" || code === "EAI_AGAIN";
    handler.onResponseError?.(controller, isUnknown ? new MeshError("ENMESH_UNKNOWN_DESTINATION", message, { cause: error, destination: authority }) : error);
  };
  return told;
}
