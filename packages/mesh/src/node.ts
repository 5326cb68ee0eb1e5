import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Mesh } from "./mesh.ts";

/**
 * Puts a plain node:http listener into the mesh.
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
export function enmesh(mesh: Mesh, listener: (request: IncomingMessage, response: ServerResponse) => unknown): RequestListener {
  return (request, response) => {
    mesh.handle(request, response, () => {
      // A listener that fails answers 500 instead of ending the process.
      void new Promise((resolve) => resolve(listener(request, response))).catch((error: unknown) => {
        mesh.log.error({ err: error }, "the request handler failed");
        if (!response.headersSent) response.statusCode = 500;
        response.end();
      });
    });
  };
}
