import { Agent as HttpAgent, type ClientRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Socket } from "node:net";

import type { TlsSettings } from "./pulse/beat-request.ts";

/** The parts of Node's agents that are meant to be replaced, or have to be. */
interface Replaceable {
  createConnection(options: { host?: string }, callback?: unknown): Socket;
  reuseSocket(socket: Socket, request: ClientRequest): void;
  addRequest(request: ClientRequest, ...rest: unknown[]): void;
}

/**
 * The connections to a registry. They let the process end: a question that is held open for half a minute must not hold a program that has
 * nothing else to do. `destroy()` closes them all.
 */
export function createRegistryAgent(isSecure: boolean, tls: TlsSettings = {}): HttpAgent {
  const { ca, ...ours } = tls;
  const trusted = ca === undefined ? {} : { ca: typeof ca === "string" ? ca : [...ca] };
  const agent = isSecure
    ? new HttpsAgent({ keepAlive: true, ...trusted, ...ours })
    : new HttpAgent({ keepAlive: true });
  const parts = agent as unknown as Replaceable;
  const { createConnection, reuseSocket, addRequest } = parts;

  parts.createConnection = (options, callback) => {
    // The client hands on "[::1]" as it stands in the URL, and the system would look that up as a name.
    if (options.host?.startsWith("[")) options.host = options.host.slice(1, -1);
    const socket = createConnection.call(agent, options, callback);
    socket.unref();
    return socket;
  };
  parts.reuseSocket = (socket, request) => {
    reuseSocket.call(agent, socket, request);
    socket.unref();
  };
  parts.addRequest = (request, ...rest) => {
    failWhenBrokenOff(request);
    addRequest.call(agent, request, ...rest);
  };
  return agent;
}

/** The client waits for the end of an answer and does not see it break off: without this, a registry that dies in mid-answer is waited for until the time is up. */
function failWhenBrokenOff(request: ClientRequest): void {
  request.once("response", (response: IncomingMessage) => {
    response.once("close", () => {
      if (!response.complete) request.emit("error", new Error("the connection closed in the middle of an answer"));
    });
  });
}
