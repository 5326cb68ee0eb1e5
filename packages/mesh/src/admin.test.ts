import { once } from "node:events";
import http from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { type Admin, type AdminPages, startAdmin } from "./admin.ts";
import type { AdminOptions } from "./config/options.ts";

const running: Admin[] = [];
afterEach(async () => {
  for (const admin of running.splice(0)) await admin.close();
});

const pages: AdminPages = {
  notReady: () => undefined,
  metrics: async () => ({ text: "up 1\n", contentType: "text/plain; version=0.0.4" }),
  state: () => ({ member: "up" }),
};

async function start(options: AdminOptions = {}, changed: Partial<AdminPages> = {}): Promise<string> {
  const admin = await startAdmin(options, { ...pages, ...changed });
  running.push(admin);
  return admin.url;
}

interface Got {
  readonly status: number | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

async function get(url: string, path: string, headers: http.OutgoingHttpHeaders = {}, method = "GET"): Promise<Got> {
  const { port } = new URL(url);
  const request = http.request({ host: "127.0.0.1", port, path, method, headers, agent: false }).end();
  const [answer] = (await once(request, "response")) as [http.IncomingMessage];
  const chunks = await answer.toArray();
  return { status: answer.statusCode, headers: answer.headers, text: Buffer.concat(chunks as Buffer[]).toString() };
}

describe("the admin listener", () => {
  test("shows health, metrics and state, and stores nothing", async () => {
    const url = await start();

    expect(await get(url, "/livez")).toMatchObject({ status: 200, text: "ok\n" });
    expect(await get(url, "/readyz?verbose")).toMatchObject({ status: 200, text: "ok\n" });
    expect(await get(url, "/metrics")).toMatchObject({ status: 200, text: "up 1\n" });
    const { headers, text } = await get(url, "/enmesh/state");
    expect(JSON.parse(text)).toEqual({ member: "up" });
    expect(headers).toMatchObject({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
  });

  test("says why it is not ready", async () => {
    const url = await start({}, { notReady: () => "draining" });

    expect(await get(url, "/readyz")).toMatchObject({ status: 503, text: "draining\n" });
    expect(await get(url, "/livez")).toMatchObject({ status: 200 });
  });

  test("answers to loopback names only, so that no page can reach it by a name of its own", async () => {
    const url = await start();
    const { port } = new URL(url);

    for (const host of [`localhost:${port}`, `LOCALHOST`, `127.0.0.1:${port}`, `[::1]:${port}`]) {
      expect(await get(url, "/livez", { host })).toMatchObject({ status: 200 });
    }
    for (const host of [
      "evil.example",
      `evil.example:${port}`,
      `127.0.0.1.evil.example`,
      "127.0.0.1@evil",
      "10.0.0.1",
    ]) {
      expect(await get(url, "/enmesh/state", { host })).toMatchObject({ status: 403 });
    }
  });

  test("asks for its token everywhere but on the health pages", async () => {
    const url = await start({ token: "s3cret" });

    expect(await get(url, "/livez")).toMatchObject({ status: 200 });
    expect(await get(url, "/readyz")).toMatchObject({ status: 200 });
    for (const authorization of [
      undefined,
      "",
      "s3cret",
      "Bearer",
      "Bearer s3cre",
      "Bearer s3cret2",
      "bearer s3cret",
    ]) {
      const got = await get(url, "/metrics", authorization === undefined ? {} : { authorization });
      expect(got.status).toBe(401);
      expect(got.headers["www-authenticate"]).toBe("Bearer");
    }
    expect(await get(url, "/metrics", { authorization: "Bearer s3cret" })).toMatchObject({ status: 200 });
  });

  test("listens to others only with a token", async () => {
    await expect(start({ host: "0.0.0.0" })).rejects.toMatchObject({
      code: "ENMESH_CONFIG_INVALID",
      message: expect.stringContaining("admin.token: is needed to listen on 0.0.0.0"),
    });

    const url = await start({ host: "0.0.0.0", token: "s3cret" });
    expect(await get(url, "/livez", { host: "orders.internal" })).toMatchObject({ status: 200 });
  });

  test.each(["POST", "PUT", "DELETE", "OPTIONS"])("does nothing for %s", async (method) => {
    expect(await get(await start(), "/enmesh/state", {}, method)).toMatchObject({
      status: 405,
      headers: { allow: "GET, HEAD" },
    });
  });

  test("answers HEAD without a body", async () => {
    expect(await get(await start(), "/metrics", {}, "HEAD")).toMatchObject({ status: 200, text: "" });
  });

  test("says what there is for any other path, and without metrics for theirs", async () => {
    const url = await start({}, { metrics: undefined });

    for (const path of ["/", "/enmesh/state/", "/../livez", "//livez", "/metrics"]) {
      expect(await get(url, path)).toMatchObject({
        status: 404,
        text: "there are /livez, /readyz, /metrics and /enmesh/state\n",
      });
    }
  });

  test("answers 500 for a page that fails, and goes on", async () => {
    const url = await start(
      {},
      {
        state: () => {
          throw new Error("broken");
        },
        metrics: () => Promise.reject(new Error("broken, too")),
      },
    );

    expect(await get(url, "/enmesh/state")).toMatchObject({ status: 500, text: "this page failed: broken\n" });
    expect(await get(url, "/metrics")).toMatchObject({ status: 500 });
    expect(await get(url, "/livez")).toMatchObject({ status: 200 });
  });

  test("names the setting when its port is taken", async () => {
    const port = Number(new URL(await start()).port);

    await expect(start({ port })).rejects.toMatchObject({
      code: "ENMESH_PORT_IN_USE",
      message: expect.stringMatching(/the admin listener: port \d+ on 127\.0\.0\.1 is taken.*ENMESH_ADMIN_PORT/),
    });
  });
});
