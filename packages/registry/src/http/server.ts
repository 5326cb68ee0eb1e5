import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";

import type { Guard } from "../access/guard.ts";
import { anyone, type Caller } from "../access/rights.ts";
import type { TlsSettings } from "../access/tls.ts";
import { plainText } from "./answers.ts";
import { compress } from "./compress.ts";
import { dispatch } from "./dispatch.ts";
import type { Answer, Ask, Route } from "./exchange.ts";
import type { Gate } from "./gate.ts";

const methods = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"];
const noQuery = new URLSearchParams();

export interface ServerOptions {
  readonly routes: readonly Route[];
  readonly gate: Gate;
  /** Holds whoever came in to its rights. */
  readonly guard: Guard;
  readonly tls: TlsSettings | undefined;
  /** Told of every answer, by route and never by path. */
  readonly onAnswer: (routePath: string, status: number) => void;
  /** True once answers should end their connections. */
  readonly isClosing: () => boolean;
  /** Told of what went wrong in us, not in the request. */
  readonly onFailure: (error: Error, path: string) => void;
}

/** Puts the routes on HTTP. The framework routes and reads; what is said, down to each header, is ours. */
export function createServer(options: ServerOptions): FastifyInstance {
  const { routes, gate, guard, tls, onAnswer, isClosing, onFailure } = options;
  const callers = new WeakMap<FastifyRequest, Caller>();
  const app = fastify({
    ...(tls === undefined ? {} : { https: tls }),
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
    if (request.raw.rawHeaders.length > 2 * mostHeaders) return send(reply, tooManyHeaders);
    const admitted = gate(request.raw.headers, queryOf(request));
    if (typeof admitted === "string") return send(reply, plainText(403, admitted));
    if (admitted !== anyone) callers.set(request, admitted);
    next();
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
        const ask = toAsk(request, reply);
        const answer = guard(callers.get(request) ?? anyone, route.path, ask) ?? dispatch(route, ask);
        if (!(answer instanceof Promise)) return answered(route.path, reply, answer);
        return answer.then((given) => {
          answered(route.path, reply, given);
          return reply;
        });
      },
    });
    if (route.path.endsWith("/*")) redirect(app, route.path.slice(0, -2));
  }
  app.get("/", (_request, reply) =>
    send(
      reply,
      plainText(200, "Enmesh registry: the Consul HTTP API is under /v1/, the Eureka REST API under /eureka/"),
    ),
  );
  return app;

  function answered(routePath: string, reply: FastifyReply, answer: Answer): void {
    onAnswer(routePath, answer.status);
    send(reply, answer, isClosing());
  }
}

/** More than any client has a use for. All of them together are limited to 16 KiB as well. */
const mostHeaders = 100;
const tooManyHeaders = plainText(431, `Too many headers: ${mostHeaders} are the limit`);

function toAsk(request: FastifyRequest, reply: FastifyReply): Ask {
  return {
    method: request.method,
    rest: (request.params as { "*"?: string })["*"] ?? "",
    target: request.raw.url as string,
    query: queryOf(request),
    header: (name) => headerOf(request, name),
    body: request.body as Buffer | undefined,
    onGone: (callback) => void reply.raw.once("close", () => reply.raw.writableFinished || callback()),
  };
}

/** The content type is hidden from the framework, so it is read from what came over the wire. */
function headerOf({ raw: { headers, rawHeaders } }: FastifyRequest, name: string): string | undefined {
  if (name !== "content-type") return headers[name]?.toString();
  const at = rawHeaders.findIndex((each, position) => position % 2 === 0 && each.toLowerCase() === name);
  return at === -1 ? undefined : rawHeaders[at + 1];
}

function queryOf({ raw }: FastifyRequest): URLSearchParams {
  const url = raw.url as string;
  const at = url.indexOf("?");
  return at === -1 ? noQuery : new URLSearchParams(url.slice(at + 1));
}

/** Straight to the socket: the framework would amend the content type, and what is said is ours. */
function send(reply: FastifyReply, answer: Answer, isLast = false): void {
  reply.hijack();
  const { body = "", headers } = answer;
  const accepted = reply.request.raw.headers["accept-encoding"]?.toString();
  const compressing = headers?.["Content-Encoding"] === undefined ? compress(body, accepted) : undefined;
  if (compressing === undefined) return write(reply, answer, isLast);
  void compressing.then((zipped) => {
    if (zipped === undefined) write(reply, answer, isLast);
    else write(reply, { ...answer, headers: { ...headers, "Content-Encoding": "gzip" }, body: zipped }, isLast);
  });
}

function write({ raw }: FastifyReply, { status, headers, body = "" }: Answer, isLast: boolean): void {
  if (raw.destroyed) return;
  const common = {
    Vary: "Accept-Encoding",
    // "No content" has no length either.
    ...(status === 204 ? {} : { "Content-Length": Buffer.byteLength(body) }),
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
