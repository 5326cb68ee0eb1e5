// The gateway: the one door to the outside. A Fastify application that sends /api/orders/7 to http://orders/orders/7.
// Being the edge, it believes nothing from a request that only the mesh may say: deadlines, peers, request ids, traces.
import { createMesh, MeshError } from "enmesh";
import { enmesh } from "enmesh/fastify";
import { fastify, type FastifyReply, type FastifyRequest } from "fastify";

import { announce } from "./starter/announce.ts";

const services = ["catalog", "orders", "users", "recommendations"];
/** What the services and the rules in mesh/*.yaml look at; nothing else goes in. */
const passedOn = ["x-canary", "x-user-segment", "idempotency-key"];

const mesh = await createMesh({ service: "gateway", edge: true });
const app = fastify();
await app.register(enmesh, { mesh });

for (const service of services) {
  app.all(`/api/${service}`, (request, reply) => forward(service, request, reply));
  app.all(`/api/${service}/*`, (request, reply) => forward(service, request, reply));
}

async function forward(service: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const answer = await mesh.request(`http://${service}${request.url.slice("/api".length)}`, {
    method: request.method,
    headers: Object.fromEntries(passedOn.map((name) => [name, request.headers[name]])),
    ...(request.body === undefined ? {} : { json: request.body }),
  });
  const { "content-type": type = "text/plain", "x-version": version } = answer.headers;
  if (version !== undefined) reply.header("x-version", version);
  return reply
    .code(answer.statusCode)
    .header("content-type", type)
    .send(await answer.body.text());
}

// Every call ends in an answer or a MeshError, and each code says what to tell the customer.
app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
  const status = error instanceof MeshError ? statusOf(error) : (error.statusCode ?? 500);
  const code = error instanceof MeshError ? error.code : status >= 500 ? "INTERNAL" : "BAD_REQUEST";
  if (status >= 500) mesh.log.error({ err: error, path: request.url }, "no answer");
  const message = status === 504 ? "that took too long" : status >= 500 ? "the shop cannot answer now" : error.message;
  return reply.code(status).send({ error: code, message });
});

function statusOf({ code }: MeshError): number {
  if (code === "ENMESH_DEADLINE_EXCEEDED" || code === "ENMESH_ATTEMPT_TIMEOUT") return 504;
  if (code === "ENMESH_NO_ROUTE") return 404;
  const isBroken = code === "ENMESH_CONNECT_FAILED" || code === "ENMESH_CONNECTION_LOST";
  return isBroken || code === "ENMESH_UPSTREAM_FAILED" ? 502 : 503;
}

await app.listen({ host: "127.0.0.1", port: Number(process.env["SHOP_GATEWAY_PORT"] ?? 8080) });
await mesh.join(app.server);
announce(mesh, app.server);
