import { once } from "node:events";
import http from "node:http";
import { fileURLToPath } from "node:url";
import { startRegistry } from "@enmesh/registry";
import { createMesh } from "enmesh";
import { enmesh } from "enmesh/node";
import { afterEach, describe, expect, test } from "vitest";
import { closeAll, closing, eventually, meshTo, upstream } from "./fixtures/mesh/world.ts";
import { spawnNode } from "./support/processes.ts";

afterEach(closeAll);

describe("a mesh that is closed", () => {
  test("leaves nothing open: its process ends by itself, and nothing was rejected unheard", async () => {
    const script = fileURLToPath(new URL("fixtures/mesh/leaves.ts", import.meta.url));
    const running = spawnNode("--unhandled-rejections=strict", { args: [script] });

    const exit = await running.exited;

    expect(running.output()).toMatch(/served 200\nended \d+\n/);
    expect(exit).toEqual({ code: 0, signal: null });
    expect(Number(/ended (\d+)/.exec(running.output())?.[1])).toBeLessThan(3_000);
  });

  test("takes no further call, through any door", async () => {
    const outside = await upstream();
    const mesh = await meshTo({ orders: [outside] });
    await mesh.close();

    await expect(mesh.request("http://orders/")).rejects.toMatchObject({ code: "ENMESH_CLOSED" });
    await expect(mesh.request(outside.origin)).rejects.toMatchObject({ code: "ENMESH_CLOSED" });
    await expect(mesh.fetch("http://orders/")).rejects.toMatchObject({ cause: { code: "ENMESH_CLOSED" } });
    expect(outside.requests).toHaveLength(0);
    await expect(mesh.close()).resolves.toBeUndefined();
  });
});

describe("leaving", () => {
  test("serves what runs and says goodbye, then runs its hooks, and gives its place back last", async () => {
    const registry = await startRegistry({ port: 0 });
    closing(() => registry.close());
    const order: string[] = [];
    const mesh = await createMesh({
      service: "orders",
      registry: registry.url,
      signals: false,
      log: { level: "silent" },
      drain: { propagation: "150ms", inFlight: "5s" },
    });
    closing(() => mesh.close());
    const server = http.createServer(
      enmesh(mesh, (_request, response) => void setTimeout(() => response.end("done"), 300)),
    );
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = await mesh.join(server);
    const names = async (): Promise<string[]> =>
      Object.keys((await (await fetch(`${registry.url}/v1/catalog/services`)).json()) as object);
    mesh.onClose(() => {
      throw new Error("a hook that fails");
    });
    mesh.onClose(async () => void order.push(`hook, still registered: ${(await names()).includes("orders")}`));
    const call = async (): Promise<[string | null, string]> => {
      const response = await fetch(`http://127.0.0.1:${port}/`);
      return [response.headers.get("x-enmesh-draining"), await response.text()];
    };

    const before = call();
    await eventually(() => mesh.state().inboundRunning === 1);
    const closed = mesh.close().then(() => order.push("closed"));
    await eventually(() => mesh.state().member === "draining");
    const ready = await fetch(`${mesh.adminUrl}/readyz`);
    const during = await call();

    expect([ready.status, await ready.text()]).toEqual([503, "draining\n"]);
    expect(await before).toEqual([null, "done"]);
    expect(during).toEqual(["1", "done"]);
    await closed;
    expect(order).toEqual(["hook, still registered: true", "closed"]);
    expect(await names()).not.toContain("orders");
    expect(mesh.state().member).toBe("gone");
  });

  test("waits for a request no longer than it may", async () => {
    const mesh = await meshTo({}, { drain: { propagation: 0, inFlight: "100ms" } });
    const server = http.createServer(enmesh(mesh, () => {}));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = await mesh.join(server);
    const hanging = fetch(`http://127.0.0.1:${port}/`).catch((error: Error) => error.message);
    await eventually(() => mesh.state().inboundRunning === 1);

    const before = performance.now();
    await mesh.close();

    expect(performance.now() - before).toBeLessThan(1_000);
    expect(await hanging).toBe("fetch failed");
  });
});

describe("an endpoint that leaves", () => {
  test("loses its connections, and nobody notices", async () => {
    const registry = await startRegistry({ port: 0 });
    closing(() => registry.close());
    const [one, other] = [await upstream(), await upstream()];
    const put = async (path: string, body: object = {}): Promise<void> => {
      const { ok } = await fetch(registry.url + path, { method: "PUT", body: JSON.stringify(body) });
      expect(ok).toBe(true);
    };
    for (const [ID, { port }] of [
      ["one", one],
      ["other", other],
    ] as const) {
      await put("/v1/agent/service/register", { ID, Name: "orders", Address: "127.0.0.1", Port: port });
    }
    const mesh = await createMesh({
      service: "web",
      registry: registry.url,
      log: { level: "silent" },
      signals: false,
      balancer: { policy: "roundRobin" },
    });
    closing(() => mesh.close());
    for (let count = 0; count < 10; count++) await (await mesh.request("http://orders/")).body.dump();
    expect([await one.connections(), await other.connections()]).toEqual([1, 1]);

    await put("/v1/agent/service/deregister/one");

    await eventually(async () => (await one.connections()) === 0);
    expect(await other.connections()).toBe(1);
    expect((await mesh.request("http://orders/")).statusCode).toBe(200);
  });
});
