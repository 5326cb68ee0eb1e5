import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { headers as meshHeaders } from "@enmesh/core";
import type { Mesh } from "./mesh.ts";

/**
 * Puts a plain node:http listener into the mesh. A listener that fails before it answered gives a 500; one that fails
 * in the middle of its answer breaks it off, so that nobody takes half of it for the whole.
 *
 * @example
 * ```ts
 * import http from "node:http";
 * import { createMesh } from "enmesh";
 * import { enmesh } from "enmesh/node";
 *
 * const mesh = await createMesh({ service: "hello", services: {}, log: { level: "silent" } });
 * const server = http.createServer(enmesh(mesh, (request, response) => response.end("hello"))).listen(0, "127.0.0.1");
 * await mesh.join(server);
 * await mesh.close();
 * ```
 */
export function enmesh(
  mesh: Mesh,
  listener: (request: IncomingMessage, response: ServerResponse) => unknown,
): RequestListener {
  return (request, response) => {
    mesh.handle(request, response, () => {
      void new Promise((resolve) => resolve(listener(request, response))).catch((error: unknown) => {
        mesh.log.error({ err: error }, "the request handler failed");
        answerFailure(response);
      });
    });
  };
}

function answerFailure(response: ServerResponse): void {
  if (response.writableEnded) return;
  if (response.headersSent) return void response.destroy();
  // What was said about the answer that did not come (its length, its encoding, its age) is not true of this one.
  for (const name of response.getHeaderNames()) if (!kept.has(name)) response.removeHeader(name);
  response.statusCode = 500;
  response.end();
}

const kept: ReadonlySet<string> = new Set(["connection", meshHeaders.draining]);
