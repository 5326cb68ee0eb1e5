import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";

import { plainText } from "./answers.ts";
import { dispatch } from "./dispatch.ts";
import type { Answer, Ask, Route } from "./exchange.ts";
import type { Gate } from "./gate.ts";

const methods = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"];
const noQuery = new URLSearchParams();

export interface ServerOptions {
  readonly routes: readonly Route[];
  readonly gate: Gate;
  /** True once answers should end their connections. */
  readonly isClosing: () => boolean;
  /** Told of what went wrong in us, not in the request. */
  readonly onFailure: (error: Error, path: string) => void;
}

/** Puts the routes on HTTP. The framework routes and reads; what is said, down to each header, is ours. */
export function createServer({ routes, gate, isClosing, onFailure }: ServerOptions): FastifyInstance {
  const app = fastify({
    exposeHeadRoutes: false,
    bodyLimit: 1_048_576,
    requestTimeout: 30_000,
    forceCloseConnections: "idle",
    routerOptions: { maxParamLength: 16_384, onBadUrl: (path, request, reply) => void badUrl(path, reply) },
    http: { maxHeaderSize: 16_384 },
  });
  // Clients send bodies without a content type, or with one that says nothing: take the bytes, whatever they are called.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, taken) => taken(null, body));

  app.addHook("onRequest", (request, reply, next) => {
    delete request.raw.headers["content-type"];
    const refused = gate(request.raw.headers, queryOf(request));
    if (refused === undefined) return next();
    send(reply, plainText(403, refused));
  });
  app.setNotFoundHandler((_request, reply) =>
    send(reply, plainText(404, "Invalid URL path: not a recognized HTTP API endpoint")),
  );
  app.setErrorHandler((error: FrameworkError, request, reply) => {
    if ((error.statusCode ?? 500) >= 500) onFailure(error, request.url);
    send(reply, failure(error, request));
  });

  for (const route of routes) {
    app.route({
      method: methods,
      url: route.path,
      ...(route.bodyLimit === undefined ? {} : { bodyLimit: route.bodyLimit }),
      handler: (request, reply) => {
        const answer = dispatch(route, toAsk(request, reply));
        if (!(answer instanceof Promise)) return void send(reply, answer, isClosing());
        return answer.then((given) => {
          send(reply, given, isClosing());
          return reply;
        });
      },
    });
    if (route.path.endsWith("/*")) redirect(app, route.path.slice(0, -2));
  }
  app.get("/", (_request, reply) => send(reply, plainText(200, "Enmesh registry: the Consul HTTP API is under /v1/")));
  return app;
}

function toAsk(request: FastifyRequest, reply: FastifyReply): Ask {
  return {
    method: request.method,
    rest: (request.params as { "*"?: string })["*"] ?? "",
    query: queryOf(request),
    body: request.body as Buffer | undefined,
    onGone: (callback) => void reply.raw.once("close", () => reply.raw.writableFinished || callback()),
  };
}

function queryOf({ raw }: FastifyRequest): URLSearchParams {
  const url = raw.url as string;
  const at = url.indexOf("?");
  return at === -1 ? noQuery : new URLSearchParams(url.slice(at + 1));
}

/** Straight to the socket: the framework would amend the content type, and what is said is ours. */
function send(reply: FastifyReply, { status, headers, body = "" }: Answer, isLast = false): void {
  reply.hijack();
  const { raw } = reply;
  if (raw.destroyed) return;
  const common = {
    Vary: "Accept-Encoding",
    "Content-Length": Buffer.byteLength(body),
    ...(isLast ? { Connection: "close" } : {}),
  };
  raw.writeHead(status, { ...headers, ...common });
  raw.end(body);
}

/** As Go's router does for a path that only lacks its last slash. */
function redirect(app: FastifyInstance, path: string): void {
  if (app.hasRoute({ method: "GET", url: path })) return;
  app.get(path, (_request, reply) => {
    reply.header("Location", `${path}/`).type("text/html; charset=utf-8");
    void reply.code(301).send(`<a href="${path}/">Moved Permanently</a>.\n\n`);
  });
}

interface FrameworkError extends Error {
  readonly statusCode?: number;
  readonly code?: string;
}

function failure(error: FrameworkError, request: FastifyRequest): Answer {
  if (error.code !== "FST_ERR_CTP_BODY_TOO_LARGE") return plainText(error.statusCode ?? 500, error.message);
  const limit = request.routeOptions.bodyLimit;
  const size = request.headers["content-length"];
  return plainText(
    413,
    `Request body${size === undefined ? "" : `(${size} bytes)`} too large, max size: ${limit} bytes.`,
  );
}

function badUrl(path: string, reply: unknown): void {
  const response = reply as { statusCode: number; end(text: string): void };
  response.statusCode = 400;
  response.end(`invalid URL escape in ${JSON.stringify(path)}`);
}
