import { MeshError } from "@enmesh/core";
import type { Dispatcher } from "undici";
import { HttpExchange, type HttpRequest, type HttpTransport } from "../transport/http-exchange.ts";
import { OutsideCall } from "./outside-call.ts";

/** A request at the door: a URL's parts, not yet a service. */
export interface DoorRequest extends HttpRequest {
  readonly protocol: "http:" | "https:";
}

/** What stands behind every door. */
export interface Sender {
  /** @throws MeshError `ENMESH_CLOSED` once it is closed */
  send(request: DoorRequest, handler: Dispatcher.DispatchHandler): void;
  /** Takes no further call. */
  close(): void;
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
  let isClosed = false;
  return {
    send: (request, handler) => {
      if (isClosed) throw closed(request.authority);
      const service = serviceOf(request.authority);
      if (service !== undefined && request.protocol === "https:") throw notByHttps(request.authority);
      if (service !== undefined || outside === undefined) {
        new HttpExchange(transport, service ?? request.authority, request, handler).start();
      } else {
        new OutsideCall(transport.runtime, request, handler).start(outside);
      }
    },
    close: () => {
      isClosed = true;
    },
  };
}

/** A plain connection must not pass for a secure one. */
function notByHttps(authority: string): MeshError {
  return new MeshError(
    "ENMESH_BAD_REQUEST",
    `"${authority}" is a service of the mesh: call it with http://; whether its connections are encrypted is the mesh's affair`,
    { destination: authority },
  );
}

function closed(destination: string): MeshError {
  return new MeshError(
    "ENMESH_CLOSED",
    `"${destination}" was not called: this mesh is closed; call before mesh.close()`,
    {
      destination,
    },
  );
}
