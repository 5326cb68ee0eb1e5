import type { FastifyPluginCallback } from "fastify";
import type { Mesh } from "./mesh.ts";

export interface EnmeshPluginOptions {
  readonly mesh: Mesh;
}

/**
 * Fastify plugin. Register it before the routes, so that everything behind it belongs to the request's context.
 *
 * @example
 * ```ts
 * import Fastify from "fastify";
 * import { createMesh } from "enmesh";
 * import { enmesh } from "enmesh/fastify";
 *
 * const mesh = await createMesh({ service: "hello", services: {}, log: { level: "silent" } });
 * const app = Fastify();
 * await app.register(enmesh, { mesh });
 * app.get("/hello/:name", (request) => `hello ${(request.params as { name: string }).name}`);
 * await app.listen({ port: 0, host: "127.0.0.1" });
 * await mesh.join(app.server);
 * await mesh.close();
 * ```
 */
export const enmesh: FastifyPluginCallback<EnmeshPluginOptions> = (app, { mesh }, done) => {
  app.addHook("onRequest", (request, reply, next) => {
    mesh.handle(request.raw, reply.raw, next, () => request.routeOptions.url);
  });
  done();
};

// What fastify-plugin does: the hook is for the whole app, not for a scope of its own.
Object.assign(enmesh, { [Symbol.for("skip-override")]: true, [Symbol.for("fastify.display-name")]: "enmesh" });
