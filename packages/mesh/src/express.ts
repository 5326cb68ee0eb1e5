import type { NextFunction, Request, RequestHandler, Response } from "express";
import type { Mesh } from "./mesh.ts";

/**
 * Express middleware. Use it first, so that everything behind it belongs to the request's context.
 *
 * @example
 * ```ts
 * import express from "express";
 * import { createMesh } from "enmesh";
 * import { enmesh } from "enmesh/express";
 *
 * const mesh = await createMesh({ service: "hello", services: {}, log: { level: "silent" } });
 * const app = express();
 * app.use(enmesh(mesh));
 * app.get("/hello/:name", (request, response) => void response.send(`hello ${request.params.name}`));
 * await mesh.join(app.listen(0, "127.0.0.1"));
 * await mesh.close();
 * ```
 */
export function enmesh(mesh: Mesh): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    mesh.handle(request, response, next, () => routeOf(request));
  };
}

/** The template that matched: `/orders/:id`. Express does not tell the template of a mount, so one with parameters (`/shops/:shop`) shows their values. */
function routeOf(request: Request): string | undefined {
  const route = request.route as { path?: unknown } | undefined;
  return typeof route?.path === "string" ? (request.baseUrl ?? "") + route.path : undefined;
}
