import { createHash } from "node:crypto";
import { currentContext, type RequestContext, runInContext } from "@enmesh/core";
import { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { createGzip, gzipSync } from "node:zlib";
import {
  fetch as undiciFetch,
  FormData,
  pipeline,
  request as undiciRequest,
  stream as undiciStream,
  WebSocket,
} from "undici";
import { afterEach, describe, expect, test } from "vitest";
import { bodyOf, closeAll, closing, echo, type Echoed, meshTo, upstream } from "./fixtures/mesh/world.ts";

afterEach(closeAll);

const builtInFetch = globalThis.fetch as unknown as (url: string, init: object) => Promise<Response>;

describe("mesh.fetch", () => {
  test("follows redirects, unpacks gzip, and fails as fetch does", async () => {
    const orders = await upstream((request, response) => {
      if (request.url === "/old") return response.writeHead(307, { location: "/new" }).end();
      if (request.url === "/broken") return response.destroy();
      response.setHeader("content-encoding", "gzip");
      return void bodyOf(request).then((body) => response.end(gzipSync(`${request.method} ${body}`)));
    });
    const mesh = await meshTo({ orders: [orders] });

    const response = await mesh.fetch("http://orders/old", { method: "POST", body: "again" });

    expect([response.status, response.url, await response.text()]).toEqual([200, "http://orders/new", "POST again"]);
    await expect(mesh.fetch("http://orders/broken", { method: "POST" })).rejects.toMatchObject({
      name: "TypeError",
      cause: { code: "ENMESH_CONNECTION_LOST" },
    });
  });

  test("takes the Request, Headers and FormData of Node as well as those of undici", async () => {
    const mesh = await meshTo({ orders: [await upstream(echo)] });
    const request = new globalThis.Request("http://orders/r", {
      method: "PUT",
      headers: { "x-one": "1" },
      body: "hello",
    });
    const ofNode = new globalThis.FormData();
    const ofUndici = new FormData();
    for (const form of [ofNode, ofUndici]) form.append("name", "wert");

    const fromRequest = (await (await mesh.fetch(request)).json()) as Echoed;
    expect(fromRequest).toMatchObject({ method: "PUT", url: "/r", body: "hello", headers: { "x-one": "1" } });
    for (const body of [ofNode, ofUndici]) {
      const echoed = (await (
        await mesh.fetch("http://orders/", { method: "POST", body: body as FormData })
      ).json()) as Echoed;
      expect(echoed.body).toContain("wert");
      expect(echoed.headers["content-type"]).toContain("multipart/form-data");
    }
  });

  test("is aborted before and after the headers", async () => {
    const orders = await upstream((request, response) => void (request.url === "/body" && response.write("half")));
    const mesh = await meshTo({ orders: [orders] });

    await expect(mesh.fetch("http://orders/", { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      name: "TimeoutError",
    });
    const control = new AbortController();
    const { body } = await mesh.fetch("http://orders/body", { signal: control.signal });
    control.abort();
    await expect(text(body as AsyncIterable<never>)).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("mesh.dispatcher", () => {
  test("carries undici's request, stream, pipeline and fetch, and the fetch of this Node", async () => {
    const mesh = await meshTo({ orders: [await upstream(echo)] });
    const { dispatcher } = mesh;

    const requested = await undiciRequest("http://orders/r", {
      dispatcher,
      query: { a: "1 2" },
      method: "POST",
      body: "b",
    });
    expect(await requested.body.json()).toMatchObject({ url: "/r?a=1%202", body: "b" });

    const chunks: Buffer[] = [];
    const sink = new Writable({ write: (chunk: Buffer, _encoding, done) => (chunks.push(chunk), done()) });
    await undiciStream("http://orders/s", { dispatcher, method: "GET" }, () => sink);
    expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({ url: "/s" });

    const piped = pipeline("http://orders/p", { dispatcher, method: "POST" }, ({ body }) => body).end("through");
    expect(JSON.parse(await text(piped))).toMatchObject({ url: "/p", body: "through" });

    for (const fetching of [undiciFetch as unknown as typeof builtInFetch, builtInFetch]) {
      const response = await fetching("http://orders/f", { dispatcher, method: "POST", body: "f" });
      expect(await response.json()).toMatchObject({ url: "/f", body: "f" });
    }
  });

  test("gives Node's own fetch streams, gzip, redirects and errors", async () => {
    const orders = await upstream((request, response) => {
      if (request.url === "/old") return response.writeHead(302, { location: "/new" }).end();
      if (request.url === "/cut")
        return void response.writeHead(200, { "content-length": "10" }).write("half", () => response.destroy());
      response.setHeader("content-encoding", "gzip");
      return request.pipe(createGzip()).pipe(response);
    });
    const mesh = await meshTo({ orders: [orders] });
    const { dispatcher } = mesh;

    expect((await builtInFetch("http://orders/old", { dispatcher })).url).toBe("http://orders/new");
    const body = Readable.toWeb(Readable.from([Buffer.from("streamed")], { objectMode: false }));
    const sent = await builtInFetch("http://orders/", { dispatcher, method: "POST", body, duplex: "half" });
    expect(await sent.text()).toBe("streamed");
    await expect(builtInFetch("http://orders/cut", { dispatcher }).then((cut) => cut.text())).rejects.toThrow(
      "terminated",
    );
    await expect(builtInFetch("http://nobody-here/", { dispatcher })).rejects.toMatchObject({
      message: "fetch failed",
    });
  });

  test("opens a WebSocket through the mesh, which no time limit ends", async () => {
    const orders = await upstream();
    orders.server.on("upgrade", (request, socket) => {
      const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
      const accept = createHash("sha1").update(key).digest("base64");
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
      );
      closing(() => socket.destroy());
      setTimeout(() => socket.write(Buffer.from([0x81, 5, ...Buffer.from("hello")])), 200);
    });
    const mesh = await meshTo({ orders: [orders] }, { timeout: "100ms", attemptTimeout: "100ms" });

    const socket = new WebSocket("ws://orders/chat", { dispatcher: mesh.dispatcher });
    const message = await new Promise<unknown>((resolve, reject) => {
      socket.addEventListener("message", ({ data }) => resolve(data));
      socket.addEventListener("error", ({ error }) => reject(error));
    });

    expect(message).toBe("hello");
    socket.close();
  });

  test("never runs one request's answer in the context of the request that opened the connection", async () => {
    const orders = await upstream();
    const mesh = await meshTo({ orders: [orders] });
    const context = (requestId: string): RequestContext => ({
      deadlineAt: Number.POSITIVE_INFINITY,
      attempt: 1,
      requestId,
      trace: { traceId: "ab".repeat(16), spanId: "cd".repeat(8), isSampled: false, traceState: undefined },
    });
    await runInContext(context("first"), async () => (await mesh.request("http://orders/")).body.text());
    await sleep(10);

    const seen = await new Promise<(string | undefined)[]>((resolve, reject) => {
      const seenIn: (string | undefined)[] = [];
      const look = (): number => seenIn.push(currentContext()?.requestId);
      runInContext(context("second"), () => {
        mesh.dispatcher.dispatch(
          { origin: "http://orders", path: "/", method: "GET" },
          {
            onRequestStart: look,
            onResponseStart: look,
            onResponseData: look,
            onResponseEnd: () => resolve(seenIn),
            onResponseError: (_control, error) => reject(error),
          },
        );
      });
    });

    expect(await orders.connections()).toBe(1);
    expect(seen).toEqual(["second", undefined, undefined]);
  });

  test("refuses what would mean another request to the server than to us", async () => {
    const orders = await upstream();
    const mesh = await meshTo({ orders: [orders] });
    const send = (options: object): Promise<unknown> =>
      undiciRequest("http://orders/", { dispatcher: mesh.dispatcher, ...options });

    await expect(send({ headers: { "x-one": "1\r\nx-two: 2" } })).rejects.toMatchObject({ code: "ENMESH_BAD_REQUEST" });
    await expect(send({ headers: ["host", "a", "host", "b"] })).rejects.toMatchObject({ code: "ENMESH_BAD_REQUEST" });
    await expect(send({ headers: { "transfer-encoding": "chunked" } })).rejects.toMatchObject({
      code: "ENMESH_BAD_REQUEST",
    });
    await expect(send({ method: "GET\r\nX: 1" })).rejects.toMatchObject({ code: "ENMESH_BAD_REQUEST" });
    const direct = new Promise((_resolve, reject) => {
      const handler = { onRequestStart: () => {}, onResponseError: (_control: unknown, error: Error) => reject(error) };
      mesh.dispatcher.dispatch({ origin: "http://orders", path: "http://evil/x", method: "GET" }, handler);
    });
    await expect(direct).rejects.toMatchObject({ code: "ENMESH_BAD_REQUEST" });
    expect(orders.requests).toHaveLength(0);
  });
});
