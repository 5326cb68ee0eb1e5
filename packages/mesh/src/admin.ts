import { createHash, timingSafeEqual } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { ConfigError, MeshError } from "@enmesh/core";
import type { AdminOptions } from "./config/options.ts";
import { isLoopback, listening } from "./listen-address.ts";

/** What the pages show. */
export interface AdminPages {
  /** Why the process is not ready, or undefined when it is. */
  readonly notReady: () => string | undefined;
  readonly metrics: (() => Promise<{ readonly text: string; readonly contentType: string }>) | undefined;
  readonly state: () => unknown;
}

export interface Admin {
  readonly url: string;
  close(): Promise<void>;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly headers?: http.OutgoingHttpHeaders;
}

/** The listener for operators and their tools: `/livez`, `/readyz`, `/metrics` and `/enmesh/state`. On loopback unless told otherwise. */
export async function startAdmin(options: AdminOptions, pages: AdminPages): Promise<Admin> {
  const { port = 0, host = "127.0.0.1", token } = options;
  if (!isLoopback(host) && token === undefined) {
    throw new ConfigError("admin", [
      { path: "admin.token", message: `is needed to listen on ${host}: others can reach it there` },
    ]);
  }
  const server = http.createServer({ maxHeaderSize: 16_384, requestTimeout: 10_000 }, (request, response) => {
    void pageFor(request, pages, host, token)
      .catch((error: unknown) =>
        plain(500, `this page failed: ${error instanceof Error ? error.message : String(error)}\n`),
      )
      .then(({ status, type, text, headers }) => {
        const always = { "content-type": type, "cache-control": "no-store", "x-content-type-options": "nosniff" };
        response.writeHead(status, { ...always, ...headers });
        response.end(request.method === "HEAD" ? undefined : text);
      });
  });
  server.listen(port, host);
  await listening(server).catch((error: Error) => {
    throw error instanceof MeshError ? namingTheSetting(error) : error;
  });
  // A connection that cannot be taken (no file descriptors left, say) is no reason to end the process.
  server.on("error", () => {});
  server.unref();
  const at = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${at.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function pageFor(
  request: http.IncomingMessage,
  pages: AdminPages,
  host: string,
  token: string | undefined,
): Promise<Page> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return plain(405, "only GET and HEAD are answered here\n", { allow: "GET, HEAD" });
  }
  // A page in the operator's browser must not read this by pointing a name of its own at loopback (DNS rebinding).
  if (isLoopback(host) && !isLoopback(hostOf(request)))
    return plain(403, "this listener answers to loopback names only\n");
  const path = (request.url ?? "/").split("?", 1)[0];
  if (path === "/livez") return plain(200, "ok\n");
  if (path === "/readyz") {
    const reason = pages.notReady();
    return reason === undefined ? plain(200, "ok\n") : plain(503, `${reason}\n`);
  }
  if (token !== undefined && !isSame(request.headers.authorization ?? "", `Bearer ${token}`)) {
    return plain(401, "a token is needed: authorization: Bearer …\n", { "www-authenticate": "Bearer" });
  }
  if (path === "/metrics" && pages.metrics !== undefined) {
    const { text, contentType } = await pages.metrics();
    return { status: 200, type: contentType, text };
  }
  if (path === "/enmesh/state")
    return { status: 200, type: "application/json", text: `${JSON.stringify(pages.state(), undefined, 2)}\n` };
  return plain(404, "there are /livez, /readyz, /metrics and /enmesh/state\n");
}

function plain(status: number, text: string, headers: http.OutgoingHttpHeaders = {}): Page {
  return { status, type: "text/plain; charset=utf-8", text, headers };
}

/** Which of our listeners it was, and what moves it. */
function namingTheSetting(error: MeshError): MeshError {
  const message = `the admin listener: ${error.message.slice(error.code.length + 2)}; set admin.port and admin.host, or ENMESH_ADMIN_PORT and ENMESH_ADMIN_HOST`;
  return new MeshError(error.code, message, { cause: error.cause });
}

function hostOf(request: http.IncomingMessage): string {
  return (request.headers.host ?? "localhost")
    .replace(/:\d+$/, "")
    .replace(/^\[|\]$/g, "")
    .toLowerCase();
}

/** Compares without telling by its time how much was right. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
