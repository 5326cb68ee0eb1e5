import { once } from "node:events";
import http from "node:http";
import { connect } from "node:net";
import { currentContext, headers as meshHeaders } from "@enmesh/core";
import { createMesh, type Mesh } from "enmesh";
import { enmesh as forExpress } from "enmesh/express";
import { enmesh as forFastify } from "enmesh/fastify";
import { enmesh as forNode } from "enmesh/node";
import express from "express";
import Fastify from "fastify";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { bodyOf, closeAll, closing, eventually } from "./fixtures/mesh/world.ts";

afterEach(closeAll);

/** What each of the three servers is asked to do, in its own way. */
interface Shop {
  readonly mesh: Mesh;
  readonly url: string;
  /** The requests that reached a handler. */
  readonly handled: string[];
  readonly aborted: unknown[];
}

type Serve = (mesh: Mesh, handled: string[], aborted: unknown[]) => Promise<http.Server>;

/** What a handler can say of its request. */
function told(name: string): object {
  const context = currentContext();
  return { name, requestId: context?.requestId, traceId: context?.trace?.traceId };
}

function waitForAbort(mesh: Mesh, aborted: unknown[]): void {
  const signal = mesh.signal();
  signal?.addEventListener("abort", () => aborted.push(signal.reason));
}

const serveNode: Serve = async (mesh, handled, aborted) => {
  const listener = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    handled.push(request.url ?? "");
    if (request.url === "/hangs") return waitForAbort(mesh, aborted);
    if (request.url === "/fails") throw new Error("broken");
    if (request.url === "/fails-late") {
      response.write("half");
      throw new Error("broken in the middle");
    }
    if (request.url === "/fails-promised") {
      response.setHeader("content-length", "10");
      throw new Error("broken after a promise");
    }
    const body = request.method === "POST" ? await bodyOf(request) : "";
    response.end(JSON.stringify({ ...told(request.url?.split("/").at(-1) ?? ""), body }));
  };
  return http.createServer(forNode(mesh, listener)).listen(0, "127.0.0.1");
};

const serveExpress: Serve = async (mesh, handled, aborted) => {
  const app = express();
  app.use(forExpress(mesh));
  app.use((request, _response, next) => (handled.push(request.url), next()));
  const orders = express.Router();
  orders.get("/:name", (request, response) => void response.json(told(request.params.name)));
  orders.post("/:name", express.text(), (request, response) => {
    response.json({ ...told(request.params.name), body: request.body as string });
  });
  app.use("/orders", orders);
  app.get("/hangs", () => waitForAbort(mesh, aborted));
  app.get("/fails", () => {
    throw new Error("broken");
  });
  app.use(((_error, _request, response, _next) => void response.sendStatus(500)) as express.ErrorRequestHandler);
  return app.listen(0, "127.0.0.1");
};

const serveFastify: Serve = async (mesh, handled, aborted) => {
  const app = Fastify();
  await app.register(forFastify, { mesh });
  app.addHook("preHandler", async (request) => void handled.push(request.url));
  await app.register(
    async (orders) => {
      orders.get<{ Params: { name: string } }>("/:name", (request) => told(request.params.name));
      orders.post<{ Params: { name: string } }>("/:name", (request) => ({
        ...told(request.params.name),
        body: request.body,
      }));
    },
    { prefix: "/orders" },
  );
  app.get("/hangs", () => {
    waitForAbort(mesh, aborted);
    return new Promise(() => {});
  });
  app.get("/fails", () => {
    throw new Error("broken");
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  return app.server;
};

async function open(serve: Serve): Promise<Shop> {
  const mesh = await createMesh({
    service: "orders",
    services: {},
    signals: false,
    log: { level: "silent" },
    drain: { propagation: 0, inFlight: "1s" },
  });
  closing(() => mesh.close());
  const [handled, aborted]: [string[], unknown[]] = [[], []];
  const server = await serve(mesh, handled, aborted);
  const { port } = await mesh.join(server);
  return { mesh, url: `http://127.0.0.1:${port}`, handled, aborted };
}

describe.each([
  ["node:http", serveNode],
  ["Express", serveExpress],
  ["Fastify", serveFastify],
])("a service with %s", (name, serve) => {
  test("knows its request while it answers, also when that has a body", async () => {
    const { url } = await open(serve);
    const traceparent = `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`;
    const headers = { "x-request-id": "r-1", traceparent, "content-type": "text/plain" };

    const got = await fetch(`${url}/orders/7`, { headers });
    const posted = http.request(`${url}/orders/8`, { method: "POST", headers, agent: false });
    posted.write("slow");
    setTimeout(() => posted.end("ly"), 30);
    const [answer] = (await once(posted, "response")) as [http.IncomingMessage];

    const known = { requestId: "r-1", traceId: "ab".repeat(16) };
    expect(await got.json()).toMatchObject({ name: "7", ...known });
    expect(JSON.parse(await bodyOf(answer))).toMatchObject({ name: "8", ...known, body: "slowly" });
  });

  test("counts what it answered, and what it refused because nobody waits any more", async () => {
    const { mesh, url, handled } = await open(serve);
    await fetch(`${url}/orders/7`);

    const late = await fetch(`${url}/orders/8`, { headers: { [meshHeaders.deadline]: "0" } });

    expect([late.status, await late.text()]).toEqual([504, "ENMESH_DEADLINE_EXCEEDED\n"]);
    expect(late.headers.get(meshHeaders.shed)).toBe("1");
    expect(handled).toHaveLength(1);
    const metrics = await (await fetch(`${mesh.adminUrl}/metrics`)).text();
    const counted = (code: string): RegExp =>
      new RegExp(`istio_requests_total\\{.*reporter="destination".*response_code="${code}".*\\} 1$`, "m");
    expect(metrics).toMatch(counted("200"));
    expect(metrics).toMatch(counted("504"));
  });

  test("hears when its caller goes away", async () => {
    const { mesh, url, aborted } = await open(serve);
    const control = new AbortController();
    const hanging = fetch(`${url}/hangs`, { signal: control.signal }).catch(() => {});
    await eventually(() => mesh.state().inboundRunning === 1);

    control.abort();
    await hanging;

    await eventually(() => aborted.length === 1);
    expect(aborted[0]).toMatchObject({ code: "ENMESH_CANCELLED" });
    expect(mesh.state().inboundRunning).toBe(0);
  });

  test("hears when its caller stops waiting", async () => {
    const { url, aborted } = await open(serve);
    const control = new AbortController();
    const headers = { [meshHeaders.deadline]: "50" };
    const hanging = fetch(`${url}/hangs`, { headers, signal: control.signal }).catch(() => {});

    await eventually(() => aborted.length === 1);

    expect(aborted[0]).toMatchObject({ code: "ENMESH_DEADLINE_EXCEEDED" });
    control.abort();
    await hanging;
  });

  test("answers 500 when its handler fails, and goes on", async () => {
    const { mesh, url } = await open(serve);

    expect((await fetch(`${url}/fails`)).status).toBe(500);
    expect((await fetch(`${url}/orders/7`)).status).toBe(200);
    expect(mesh.state().inboundRunning).toBe(0);
  });

  test("answers whether it is there, before any handler", async () => {
    const { url, handled } = await open(serve);
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    closing(() => socket.destroy());
    socket.write("OPTIONS * HTTP/1.1\r\nhost: orders\r\n\r\n");

    const [answer] = (await once(socket, "data")) as [Buffer];

    expect(answer.toString()).toMatch(/^HTTP\/1\.1 204 /);
    expect(handled).toEqual([]);
  });

  test("says goodbye on every answer while it drains, and lets what runs end", async () => {
    const { mesh, url } = await open(serve);
    const control = new AbortController();
    const hanging = fetch(`${url}/hangs`, { signal: control.signal }).catch(() => {});
    const kept = new http.Agent({ keepAlive: true });
    closing(() => kept.destroy());
    const get = async (): Promise<http.IncomingMessage> => {
      const [answer] = (await once(http.get(`${url}/orders/7`, { agent: kept }), "response")) as [http.IncomingMessage];
      answer.resume();
      return answer;
    };
    expect((await get()).headers[meshHeaders.draining]).toBeUndefined();
    // A request that is on its way when the draining begins.
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    closing(() => socket.destroy());
    await once(socket, "connect");
    socket.write("GET /orders/7 HTTP/1.1\r\nhost: orders\r\n");
    await eventually(() => mesh.state().inboundRunning === 1);
    await sleep(30);

    const closed = mesh.close();
    socket.write("\r\n");
    const [answer] = (await once(socket, "data")) as [Buffer];

    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer.toString().toLowerCase()).toMatch(/\r\nconnection: close\r\n/);
    expect(answer.toString().toLowerCase()).toMatch(/\r\nx-enmesh-draining: 1\r\n/);
    control.abort();
    await Promise.all([hanging, closed]);
  });

  test.skipIf(name === "node:http")("names its routes by their templates", async () => {
    const { url, mesh } = await open(serve);
    mesh.log.level = "info";
    const write = vi.spyOn(mesh.log, "info").mockImplementation(() => {});

    await (await fetch(`${url}/orders/7?secret=1`)).text();
    await eventually(() => write.mock.calls.length > 0);

    expect(write.mock.calls[0]?.[0]).toMatchObject({ route: "/orders/:name", path: "/orders/7", status: 200 });
  });
});

describe("a listener of node:http that fails in the middle of its answer", () => {
  test("breaks the answer off, so that nobody takes half of it for the whole", async () => {
    const { url } = await open(serveNode);

    const half = await fetch(`${url}/fails-late`);

    await expect(half.text()).rejects.toThrow("terminated");
  });

  test("takes back what it promised of an answer that did not come", async () => {
    const { url } = await open(serveNode);

    const answer = await fetch(`${url}/fails-promised`);

    expect([answer.status, await answer.text()]).toEqual([500, ""]);
  });
});
