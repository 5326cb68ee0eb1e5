import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createPlainServer, type RequestListener } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createRuntime, type Instance, type MeshEvent, type Runtime } from "@enmesh/core";
import { consulRegistrar, consulSource, createDirectory, createRegistration } from "@enmesh/discovery";
import { startRegistry } from "@enmesh/registry";
import { afterEach, describe, expect, test, vi } from "vitest";

import { gateTo } from "./support/source-conformance.ts";

const endings: (() => Promise<unknown> | void)[] = [];
const soon = { timeout: 10_000, interval: 10 };
const instance: Omit<Instance, "status"> = {
  id: "orders-1",
  service: "orders",
  address: "127.0.0.1",
  port: 3001,
  protocol: "http",
  labels: {},
  weight: 1,
};

afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

describe("a registry with two addresses", () => {
  test("is followed through the second while the first is away, without a stale moment, and through the first again when it is back", async () => {
    const registry = await startRegistry({ port: 0 });
    endings.unshift(() => registry.close());
    const paths: string[] = [];
    const [first, second] = [await gateTo(registry.url), await gateTo(await seeing(registry.url, paths))];
    endings.push(first.close, second.close);
    const { runtime, events } = heardRuntime();
    const url = [first.url, second.url];
    const directory = createDirectory({ source: consulSource({ url, runtime, waitMs: 1_000 }), runtime });
    endings.push(() => directory.close());
    const registration = createRegistration({
      registrar: consulRegistrar({ url, runtime }),
      instance,
      runtime,
      heartbeatMs: 300,
      ttlMs: 1_500,
    });
    endings.push(() => registration.deregister());
    registration.up();
    const view = directory.view("orders");
    await vi.waitFor(() => expect(view.snapshot.endpoints).toHaveLength(1), soon);

    await first.outage.begin();
    await vi.waitFor(() => expect(paths.some((path) => path.startsWith("/v1/health/service/orders"))).toBe(true), soon);
    await vi.waitFor(() => expect(paths.some((path) => path.startsWith("/v1/agent/check/pass"))).toBe(true), soon);
    await pause(2_000);
    const during = [view.state, view.snapshot.endpoints.length];
    await first.outage.end();
    await vi.waitFor(
      async () => {
        paths.length = 0;
        await pause(2_500);
        expect(paths).toEqual([]);
      },
      { timeout: 30_000, interval: 0 },
    );

    expect(during).toEqual(["known", 1]);
    expect(events.filter(({ type }) => type === "discovery.stale")).toEqual([]);
    expect(view.state).toBe("known");
  });

  test("that are two registries has the instance where it is asked, and removes it from where it was", async () => {
    const [one, other] = await Promise.all(["one", "other"].map((nodeName) => startRegistry({ port: 0, nodeName })));
    endings.unshift(
      () => one?.close(),
      () => other?.close(),
    );
    if (one === undefined || other === undefined) throw new Error("not started");
    const gate = await gateTo(one.url);
    endings.push(gate.close);
    const { runtime } = heardRuntime();
    const registration = createRegistration({
      registrar: consulRegistrar({ url: [gate.url, other.url], runtime }),
      instance,
      runtime,
      heartbeatMs: 300,
      ttlMs: 1_500,
    });
    registration.up();
    await vi.waitFor(async () => expect(await idsAt(one.url)).toEqual(["orders-1"]), soon);

    await gate.outage.begin();
    await vi.waitFor(async () => expect(await idsAt(other.url)).toEqual(["orders-1"]), soon);
    await gate.outage.end();
    await vi.waitFor(async () => expect([await idsAt(one.url), await idsAt(other.url)]).toEqual([["orders-1"], []]), {
      timeout: 30_000,
      interval: 50,
    });
    await registration.deregister();

    expect([await idsAt(one.url), await idsAt(other.url)]).toEqual([[], []]);
  });
});

test("a registry that wants to see a certificate sees ours, and one that shows a wrong one is not believed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "enmesh-tls-"));
  endings.push(() => rmSync(folder, { recursive: true, force: true }));
  const own = certificate(folder, "registry");
  const ours = certificate(folder, "client");
  const seen: unknown[] = [];
  const server = createServer(
    { ...own, ca: ours.cert, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      seen.push(
        (request.socket as unknown as { getPeerCertificate(): { subject: { CN: string } } }).getPeerCertificate()
          .subject.CN,
      );
      response.writeHead(200, { "content-type": "application/json", "x-consul-index": "5" }).end('{"orders":[]}');
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endings.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { runtime } = heardRuntime();
  const directory = (tls: Parameters<typeof consulSource>[0]["tls"]): ReturnType<typeof createDirectory> => {
    const made = createDirectory({ source: consulSource({ url, tls, runtime }), runtime });
    endings.push(() => made.close());
    return made;
  };

  await directory({ ca: own.cert, cert: ours.cert, key: ours.key, servername: "registry" }).ready();
  const distrusting = directory({ cert: ours.cert, key: ours.key, servername: "registry" }).ready({ timeoutMs: 500 });

  await expect(distrusting).rejects.toThrow(/self-signed certificate/);
  expect(new Set(seen)).toEqual(new Set(["client"]));
});

function certificate(folder: string, name: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const about = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`, "-days", "2", "-nodes"];
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      ...about,
      "-keyout",
      key,
      "-out",
      cert,
    ],
    {
      stdio: "ignore",
    },
  );
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

async function idsAt(url: string): Promise<string[]> {
  const found = (await (await fetch(`${url}/v1/health/service/orders`)).json()) as { Service: { ID: string } }[];
  return found.map(({ Service }) => Service.ID);
}

/** Stands before a registry and notes what is asked. */
async function seeing(url: string, paths: string[]): Promise<string> {
  return serving(async (request, response) => {
    paths.push(request.url ?? "");
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      const answer = await fetch(`${url}${request.url}`, {
        method: request.method ?? "GET",
        signal: gone.signal,
        ...(request.method === "PUT" && { body: request as never, duplex: "half" as const }),
      });
      response.writeHead(answer.status, {
        "x-consul-index": answer.headers.get("x-consul-index") ?? "1",
        "content-type": "application/json",
      });
      response.end(Buffer.from(await answer.arrayBuffer()));
    } catch {
      response.destroy();
    }
  });
}

async function serving(answer: RequestListener): Promise<string> {
  const server = createPlainServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endings.unshift(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function heardRuntime(): { runtime: Runtime; events: MeshEvent[] } {
  const runtime = createRuntime();
  const events: MeshEvent[] = [];
  runtime.events.listen((event) => events.push(event));
  return { runtime, events };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
