import { createHash } from "node:crypto";
import { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { request as undiciRequest } from "undici";
import { afterEach, describe, expect, test } from "vitest";
import { closeAll, echo, type Echoed, eventually, meshTo, upstream } from "./fixtures/mesh/world.ts";

afterEach(closeAll);

describe("mesh.request", () => {
  test("brings status, headers, body and trailers", async () => {
    const orders = await upstream((_request, response) => {
      response.writeHead(201, { "x-one": "1", trailer: "x-sum", "set-cookie": ["a=1", "b=2"] });
      response.write('{"a":');
      response.addTrailers({ "x-sum": "7" });
      response.end("1}");
    });
    const mesh = await meshTo({ orders: [orders] });

    const answer = await mesh.request("http://orders/list?q=1");

    expect(answer.statusCode).toBe(201);
    expect(answer.headers).toMatchObject({ "x-one": "1", "set-cookie": ["a=1", "b=2"] });
    expect(await answer.body.json()).toEqual({ a: 1 });
    expect(answer.trailers).toEqual({ "x-sum": "7" });
    expect(orders.requests[0]?.url).toBe("/list?q=1");
  });

  test("sends JSON, text, bytes and streams, with the headers given and those of the mesh", async () => {
    const mesh = await meshTo({ orders: [await upstream(echo)] });
    const send = async (options: object): Promise<Echoed> =>
      (await mesh.request("http://orders/", { method: "post", ...options })).body.json<Echoed>();

    const json = await send({ json: { a: 1 }, headers: { "X-One": "1", "x-enmesh-source": "forged/by/me" } });
    expect(json).toMatchObject({ method: "POST", body: '{"a":1}' });
    expect(json.headers).toMatchObject({
      host: "orders",
      "content-type": "application/json",
      "x-one": "1",
      "x-enmesh-source": "default/test/unknown",
      "x-enmesh-deadline-ms": expect.stringMatching(/^\d{4,5};answer=\d{4}$/),
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/),
    });
    const patched = await send({ json: [], headers: { "Content-Type": "application/merge-patch+json" } });
    expect(patched.headers["content-type"]).toBe("application/merge-patch+json");
    expect((await send({ body: "grüße" })).body).toBe("grüße");
    expect((await send({ body: Buffer.from("bytes") })).body).toBe("bytes");
    expect((await send({ body: Readable.from(["a", "b"]) })).body).toBe("ab");
    const generated = (async function* () {
      yield Buffer.from("x");
      yield Buffer.from("y");
    })();
    expect((await send({ body: generated })).body).toBe("xy");
  });

  test("has no body for HEAD, 204 and 304", async () => {
    const orders = await upstream((request, response) => {
      response.statusCode = Number(request.url?.slice(1));
      response.end(request.method === "HEAD" ? undefined : "");
    });
    const mesh = await meshTo({ orders: [orders] });

    for (const [method, status] of [
      ["HEAD", 200],
      ["GET", 204],
      ["GET", 304],
    ] as const) {
      const answer = await mesh.request(`http://orders/${status}`, { method });
      expect([answer.statusCode, await answer.body.text()]).toEqual([status, ""]);
    }
  });

  test("takes 1xx for a word in between", async () => {
    const orders = await upstream((_request, response) => {
      response.writeProcessing();
      response.writeEarlyHints({ link: "</style.css>; rel=preload" });
      setTimeout(() => response.end("done"), 20);
    });
    const mesh = await meshTo({ orders: [orders] });

    const answer = await mesh.request("http://orders/");

    expect([answer.statusCode, await answer.body.text()]).toEqual([200, "done"]);
    const infos: number[] = [];
    const { statusCode, body } = await undiciRequest("http://orders/", {
      dispatcher: mesh.dispatcher,
      onInfo: ({ statusCode: info }) => void infos.push(info),
    });
    expect([statusCode, await body.text(), infos]).toEqual([200, "done", [102, 103]]);
  });

  test("is cancelled by its signal before the headers and in the middle of the body", async () => {
    const gone: string[] = [];
    const orders = await upstream((request, response) => {
      response.once("close", () => gone.push(request.url ?? ""));
      if (request.url === "/body") response.write("half");
    });
    const mesh = await meshTo({ orders: [orders] });

    const already = mesh.request("http://orders/", { signal: AbortSignal.abort(new Error("no")) });
    await expect(already).rejects.toMatchObject({ code: "ENMESH_CANCELLED" });

    const early = new AbortController();
    const waiting = mesh.request("http://orders/headers", { signal: early.signal });
    await eventually(() => orders.requests.length === 1);
    early.abort(new Error("enough"));
    await expect(waiting).rejects.toMatchObject({ code: "ENMESH_CANCELLED", cause: { message: "enough" } });

    const late = new AbortController();
    const answer = await mesh.request("http://orders/body", { signal: late.signal });
    const whole = answer.body.text();
    late.abort();
    await expect(whole).rejects.toMatchObject({ code: "ENMESH_CANCELLED" });

    await eventually(() => gone.length === 2);
    expect(orders.requests).toHaveLength(2);
  });

  test("keeps its time limit during the body, but never cuts an event stream", async () => {
    const orders = await upstream(async (request, response) => {
      if (request.url === "/events") response.setHeader("content-type", "text/event-stream; charset=utf-8");
      for (let count = 0; count < 8 && !response.destroyed; count++) {
        response.write(`data: ${count}\n\n`);
        await sleep(50);
      }
      response.end();
    });
    const mesh = await meshTo({ orders: [orders] }, { timeout: "150ms", attemptTimeout: "100ms" });

    const slow = await mesh.request("http://orders/slow");
    await expect(slow.body.text()).rejects.toMatchObject({ code: "ENMESH_DEADLINE_EXCEEDED" });

    const events = await mesh.request("http://orders/events");
    expect(await events.body.text()).toContain("data: 7");
  });

  test("carries large bodies both ways with back-pressure", async () => {
    const size = 8 * 1_024 * 1_024;
    const orders = await upstream(async (request, response) => {
      const hash = createHash("sha256");
      for await (const chunk of request) hash.update(chunk as Buffer);
      response.setHeader("x-hash", hash.digest("hex"));
      response.end(Buffer.alloc(size, "y"));
    });
    const mesh = await meshTo({ orders: [orders] });
    let produced = 0;
    const body = Readable.from(
      (function* () {
        for (; produced < size; produced += 65_536) yield Buffer.alloc(65_536, "x");
      })(),
      { objectMode: false },
    );

    const answer = await mesh.request("http://orders/", { method: "POST", body });
    const hash = createHash("sha256").update(Buffer.alloc(size, "x")).digest("hex");
    expect(answer.headers["x-hash"]).toBe(hash);

    let received = 0;
    const slow = new Writable({
      highWaterMark: 16_384,
      write: (chunk: Buffer, _encoding, done) => {
        received += chunk.length;
        setImmediate(done);
      },
    });
    await new Promise((resolve, reject) => answer.body.stream().on("error", reject).pipe(slow).on("finish", resolve));
    expect(received).toBe(size);
  });

  test("refuses options that it does not know, and none of them calls anybody", async () => {
    const orders = await upstream();
    const mesh = await meshTo({ orders: [orders] });

    for (const options of [{ methud: "GET" }, { json: 1, body: "x" }, { maxBodyBytes: -1 }, { timeout: "soon" }]) {
      await expect(mesh.request("http://orders/", options as object)).rejects.toMatchObject({ code: /INVALID/ });
    }
    for (const url of ["orders/list", "http://orders/a\r\nX: 1", "http://u:p@orders/"]) {
      await expect(mesh.request(url)).rejects.toMatchObject({ code: "ENMESH_BAD_REQUEST" });
    }
    expect(orders.requests).toHaveLength(0);
  });

  test("calls a host outside of the mesh as it is, and its own limits hold there, too", async () => {
    const outside = await upstream((request, response) => void (request.url === "/hangs" || response.end("out there")));
    const mesh = await meshTo({});

    expect(await (await mesh.request(`${outside.origin}/x`)).body.text()).toBe("out there");
    expect(outside.requests[0]?.headers).not.toHaveProperty("x-enmesh-source");
    await expect(mesh.request(`${outside.origin}/hangs`, { timeout: "50ms" })).rejects.toMatchObject({
      code: "ENMESH_DEADLINE_EXCEEDED",
    });
    const signal = AbortSignal.timeout(50);
    await expect(mesh.request(`${outside.origin}/hangs`, { signal })).rejects.toMatchObject({
      code: "ENMESH_CANCELLED",
    });
    // A network in which nobody answers: not even the connection comes about.
    const nowhere = mesh.request("http://192.0.2.1/", { timeout: "50ms" });
    await expect(nowhere).rejects.toMatchObject({ name: "MeshError" });
    await expect(mesh.request("http://127.0.0.1:1/")).rejects.toMatchObject({ code: "ENMESH_CONNECT_FAILED" });
  });
});
