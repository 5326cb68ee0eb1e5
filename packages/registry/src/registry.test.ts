import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { afterEach, describe, expect, test, vi } from "vitest";

import { embeddedRegistry } from "./embedded.ts";
import type { RegistryOptions } from "./options.ts";
import { startRegistry, type Registry } from "./registry.ts";

// Real sockets, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const running: Registry[] = [];
afterEach(async () => {
  for (const registry of running.splice(0)) await registry.close();
});

describe("over real sockets", () => {
  test("a write is answered with 200 and an empty body without a content type", async () => {
    const { put } = await started();

    const answer = await put("/v1/agent/service/register", '{"Name":"orders"}');

    expect([answer.status, answer.body, answer.headers["content-type"], answer.headers["content-length"]]).toEqual([
      200,
      "",
      undefined,
      "0",
    ]);
  });

  test.each([
    ["POST", "/v1/status/leader", "OPTIONS,GET"],
    ["HEAD", "/v1/status/leader", "OPTIONS,GET"],
    ["GET", "/v1/agent/check/pass/x", "OPTIONS,PUT"],
    ["POST", "/v1/kv/a", "OPTIONS,GET,PUT,DELETE"],
  ])("%s %s is refused and told what is allowed", async (method, path, allow) => {
    const { ask } = await started();

    const answer = await ask(method, path);

    expect([answer.status, answer.headers["allow"]]).toEqual([405, allow]);
    if (method !== "HEAD") expect(answer.body).toBe(`method ${method} not allowed`);
  });

  test("OPTIONS tells what is allowed, an unknown path that it is none, and a path without its last slash where it is", async () => {
    const { ask, get } = await started();

    expect((await ask("OPTIONS", "/v1/kv/a")).headers["allow"]).toBe("OPTIONS,GET,PUT,DELETE");
    expect(await get("/v1/nope")).toMatchObject({
      status: 404,
      body: "Invalid URL path: not a recognized HTTP API endpoint",
    });
    expect((await get("/v1/kv")).headers["location"]).toBe("/v1/kv/");
    expect((await get("/v1/kv/%zz")).status).toBe(400);
  });

  test("bodies are read whatever they are called", async () => {
    const { ask, get } = await started();

    for (const [at, type] of [
      "application/json",
      "text/plain",
      "x",
      "application/x-www-form-urlencoded",
      undefined,
    ].entries()) {
      const headers = type === undefined ? {} : { "content-type": type };
      expect((await ask("PUT", `/v1/kv/k${at}`, '{"a":', headers)).status).toBe(200);
      expect((await get(`/v1/kv/k${at}?raw`)).body).toBe('{"a":');
    }
  });

  test("keys are decoded once", async () => {
    const { put, get } = await started();

    await put("/v1/kv/a%2Fb%20c%2525", "x");

    expect(JSON.parse((await get("/v1/kv/a/?recurse")).body)).toMatchObject([{ Key: "a/b c%25", Value: "eA==" }]);
  });

  test("flags keep all their 64 bits, also when asked to be pretty", async () => {
    const { put, get } = await started();

    await put("/v1/kv/a?flags=18446744073709551615", "x");

    expect((await get("/v1/kv/a")).body).toContain('"Flags":18446744073709551615,');
    expect((await get("/v1/kv/a?pretty")).body).toContain('\n        "Flags": 18446744073709551615,\n');
  });

  test("a value may be 512 KiB and not a byte more; other bodies 1 MiB", async () => {
    const { put } = await started();

    expect((await put("/v1/kv/a", "x".repeat(524_288))).status).toBe(200);
    expect(await put("/v1/kv/a", "x".repeat(524_289))).toMatchObject({
      status: 413,
      body: "Request body(524289 bytes) too large, max size: 524288 bytes.",
    });
    expect((await put("/v1/agent/service/register", " ".repeat(1_048_577))).status).toBe(413);
  });

  test("a page in a browser can neither write nor read", async () => {
    const { ask } = await started();
    const headers = { origin: "https://evil.example" };

    expect((await ask("PUT", "/v1/kv/a", "x", headers)).status).toBe(403);
    expect((await ask("OPTIONS", "/v1/kv/a", undefined, headers)).status).toBe(403);
    expect((await ask("GET", "/v1/kv/?recurse", undefined, { host: "evil.example" })).status).toBe(403);
    expect((await ask("GET", "/v1/nope", undefined, headers)).status).toBe(403);
  });

  test("with a token, who does not bring it is refused in Consul's words", async () => {
    const { ask, get } = await started({ token: "secret" });

    expect(await get("/v1/status/leader")).toMatchObject({ status: 403, body: "Permission denied" });
    expect((await ask("GET", "/v1/status/leader", undefined, { "x-consul-token": "secret" })).status).toBe(200);
  });
});

describe("starting", () => {
  test("beyond this machine without a token is refused, with the way out", async () => {
    await expect(startRegistry({ host: "0.0.0.0", port: 0 })).rejects.toMatchObject({ code: "ENMESH_OPTION_INVALID" });
    await expect(startRegistry({ host: "0.0.0.0", port: 0 })).rejects.toThrow("ENMESH_REGISTRY_TOKEN");
  });

  test("on a taken port says which, and what to do", async () => {
    const { registry } = await started();

    await expect(startRegistry({ port: registry.port })).rejects.toMatchObject({ code: "ENMESH_PORT_IN_USE" });
    await expect(startRegistry({ port: registry.port })).rejects.toThrow(String(registry.port));
  });

  test("on a taken port gives its data directory back", async () => {
    const dataDirectory = await mkdtemp(join(tmpdir(), "enmesh-registry-"));
    const { registry } = await started();
    await expect(startRegistry({ port: registry.port, dataDirectory })).rejects.toThrow("ENMESH_PORT_IN_USE");

    await started({ dataDirectory });

    await Promise.all(running.splice(0).map((each) => each.close()));
    await rm(dataDirectory, { recursive: true });
  });

  test("tells all that is wrong with its options at once", async () => {
    await expect(startRegistry({ port: 70_000, datacenter: "DC 1", dataDirectory: "" })).rejects.toThrow(
      /port: .*\n.*dataDirectory: .*\n.*datacenter: /,
    );
  });
});

test("embedded, it starts on demand and tells its token", async () => {
  const registry = await embeddedRegistry({ port: 0, token: "secret" }).start();

  expect(registry).toMatchObject({
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
    token: "secret",
  });
  await registry.close();
  await expect(fetch(registry.url)).rejects.toThrow("fetch failed");
});

test("closing answers blocked queries at once and frees the port", async () => {
  const { registry, get } = await started();
  const index = Number((await get("/v1/health/service/orders")).headers["x-consul-index"]);
  const blocked = [1, 2, 3].map(() => get(`/v1/health/service/orders?index=${index}&wait=5m`));
  await untilBlocked(get, (count) => count === 3);

  const before = performance.now();
  await registry.close();
  const tookMs = performance.now() - before;

  expect((await Promise.all(blocked)).map(({ status, body }) => [status, body])).toEqual(
    [200, 200, 200].map((status) => [status, "[]"]),
  );
  expect(tookMs).toBeLessThan(10_000);
  const taker = createServer();
  await new Promise<void>((resolve, reject) => taker.once("error", reject).listen(registry.port, "127.0.0.1", resolve));
  await new Promise((resolve) => taker.close(resolve));
});

test("a client that goes away while it waits is forgotten", async () => {
  const { registry, get } = await started();
  const index = (await get("/v1/health/service/orders")).headers["x-consul-index"];
  const leaving = new AbortController();
  const asked = fetch(`${registry.url}/v1/health/service/orders?index=${String(index)}`, { signal: leaving.signal });
  await untilBlocked(get, (count) => count === 1);

  leaving.abort();

  await expect(asked).rejects.toThrow("aborted");
  await untilBlocked(get, (count) => count === 0);
});

test("services, their checks and keys are there again after a restart, under a higher index", async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), "enmesh-registry-"));
  const first = await started({ dataDirectory });
  await first.put(
    "/v1/agent/service/register",
    '{"Name":"orders","ID":"orders-1","Port":80,"Meta":{"a":"b"},"Check":{"TTL":"60s"}}',
  );
  await first.put("/v1/agent/check/pass/service:orders-1");
  await first.put("/v1/kv/app/color?flags=7", "blue");
  const before = await first.get("/v1/health/service/orders?passing");
  await first.registry.close();

  const second = await started({ dataDirectory });
  const after = await second.get("/v1/health/service/orders?passing");
  const value = await second.get("/v1/kv/app/color?raw");
  await second.registry.close();

  expect(second.registry.recovered).toBe(1);
  expect(servicesOf(after.body)).toEqual(servicesOf(before.body));
  expect(servicesOf(after.body)).toHaveLength(1);
  expect(value.body).toBe("blue");
  expect(Number(after.headers["x-consul-index"])).toBeGreaterThan(Number(before.headers["x-consul-index"]) + 1_000);
  await rm(dataDirectory, { recursive: true });
});

test("who re-registers while watchers wait wakes a thousand of them once", async () => {
  const { get, put } = await started();
  await put("/v1/agent/service/register", '{"Name":"orders"}');
  const index = Number((await get("/v1/health/service/orders")).headers["x-consul-index"]);
  const blocked = Array.from({ length: 1_000 }, () => get(`/v1/health/service/orders?index=${index}&wait=30s`));
  await untilBlocked(get, (count) => count === 1_000);

  await put("/v1/agent/service/register", '{"Name":"orders","Port":81}');
  const answers = await Promise.all(blocked);

  expect(new Set(answers.map(({ status, headers }) => `${status} ${String(headers["x-consul-index"])}`))).toEqual(
    new Set([`200 ${index + 1}`]),
  );
});

/** Resolves once so many queries wait. */
async function untilBlocked(get: (path: string) => Promise<Told>, isEnough: (count: number) => boolean): Promise<void> {
  for (;;) {
    const { Stats } = JSON.parse((await get("/v1/agent/self")).body) as {
      Stats: { agent: { blocking_queries: string } };
    };
    if (isEnough(Number(Stats.agent.blocking_queries))) return;
    await sleep(5);
  }
}

function servicesOf(body: string): unknown {
  return (JSON.parse(body) as { Service: { ID: string; Meta: unknown } }[]).map(({ Service }) => Service);
}

interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

async function started(options: RegistryOptions = {}) {
  const registry = await startRegistry({ port: 0, ...options });
  running.push(registry);
  // Plain sockets: `fetch` would not send these methods and headers.
  const ask = (method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Told> =>
    new Promise((resolve, reject) => {
      const asked = request(`${registry.url}${path}`, { method, headers, agent: false }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString() }),
        );
        answer.on("error", reject);
      });
      asked.on("error", reject);
      asked.end(body);
    });
  const get = (path: string) => ask("GET", path);
  const put = (path: string, body?: string) => ask("PUT", path, body);
  return { registry, ask, get, put };
}
