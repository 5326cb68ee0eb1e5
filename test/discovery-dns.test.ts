import { createRuntime } from "@enmesh/core";
import { createDirectory, type Directory, type DnsService, dnsSource } from "@enmesh/discovery";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { type DnsServer, startDnsServer } from "./support/dns-server.ts";

const soon = { timeout: 5_000, interval: 5 };
const endings: (() => Promise<unknown> | void)[] = [];
let server: DnsServer;

beforeEach(async () => {
  server = await startDnsServer();
  endings.push(() => server.close());
});
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

function watching(orders: DnsService, options: { minTtlMs?: number } = {}): Directory {
  const runtime = createRuntime();
  const source = dnsSource({
    services: { orders },
    servers: [server.address],
    minTtlMs: 50,
    timeoutMs: 300,
    runtime,
    ...options,
  });
  const directory = createDirectory({ source, runtime });
  endings.push(() => directory.close());
  return directory;
}

const originsOf = (directory: Directory): string[] =>
  directory
    .view("orders")
    .snapshot.endpoints.map(({ origin }) => origin)
    .toSorted();

describe("addresses", () => {
  test("of both kinds are instances, at the port that was given", async () => {
    server.names.set("orders.test", { a: ["127.0.0.1", "127.0.0.2"], aaaa: ["::1"] });

    const directory = watching({ host: "orders.test", port: 3001, version: "v2", zone: "a" });
    directory.view("orders");

    await vi.waitFor(
      () =>
        expect(originsOf(directory)).toEqual(["http://127.0.0.1:3001", "http://127.0.0.2:3001", "http://[::1]:3001"]),
      soon,
    );
    expect(directory.view("orders").instances[0]).toMatchObject({
      version: "v2",
      zone: "a",
      labels: { version: "v2" },
    });
    expect(directory.isKnown("orders")).toBe(true);
  });

  test("are asked for again when their TTL is over, and not before", async () => {
    server.names.set("orders.test", { a: ["127.0.0.1"], ttl: 1 });
    const directory = watching({ host: "orders.test", port: 80 });
    directory.view("orders");
    await vi.waitFor(() => expect(originsOf(directory)).toHaveLength(1), soon);
    const asked = server.asked;

    server.names.set("orders.test", { a: ["127.0.0.1", "127.0.0.2"], ttl: 1 });
    await pause(700);
    const early = [server.asked, originsOf(directory).length];
    await vi.waitFor(() => expect(originsOf(directory)).toHaveLength(2), soon);

    expect(early).toEqual([asked, 1]);
  });

  test("of a kind that the server refuses do not hide those of the other", async () => {
    server.names.set("orders.test", { a: ["127.0.0.1"] });
    const directory = watching({ host: "orders.test", port: 80 });

    directory.view("orders");

    await vi.waitFor(() => expect(originsOf(directory)).toEqual(["http://127.0.0.1:80"]), soon);
  });
});

describe("SRV records", () => {
  test("tell ports and weights; only the most preferred group counts", async () => {
    server.names.set("_http._tcp.orders.test", {
      srv: [
        { name: "a.test", port: 1001, priority: 1, weight: 5 },
        { name: "b.test", port: 1002, priority: 1, weight: 0 },
        { name: "spare.test", port: 1003, priority: 2 },
      ],
    });
    for (const name of ["a.test", "b.test", "spare.test"]) server.names.set(name, { a: ["127.0.0.1"] });

    const directory = watching({ host: "_http._tcp.orders.test", srv: true });
    const view = directory.view("orders");
    await vi.waitFor(() => expect(view.snapshot.endpoints).toHaveLength(2), soon);

    expect(view.instances.map(({ port, weight }) => [port, weight])).toEqual([
      [1001, 5],
      [1002, 1],
    ]);
  });

  test("whose target cannot be resolved now do not lose it", async () => {
    const srv = [1, 2].map((at) => ({ name: `i${at}.test`, port: 1000 + at }));
    server.names.set("orders.test", { srv });
    server.names.set("i1.test", { a: ["127.0.0.1"], ttl: 0 });
    server.names.set("i2.test", { a: ["127.0.0.1"], ttl: 0 });
    const directory = watching({ host: "orders.test", srv: true });
    const view = directory.view("orders");
    await vi.waitFor(() => expect(view.snapshot.endpoints).toHaveLength(2), soon);

    server.names.delete("i2.test");
    await vi.waitFor(() => expect(view.state).toBe("stale"), soon);

    expect(view.snapshot.endpoints).toHaveLength(2);
  });
});

describe.each(["SERVFAIL", "NXDOMAIN", "empty", "silent"] as const)("a name server that is ill (%s)", (mood) => {
  test("takes no instance away, is named with the reason, and is believed again when it is well", async () => {
    server.names.set("orders.test", { a: ["127.0.0.1"], ttl: 0 });
    const directory = watching({ host: "orders.test", port: 80 });
    const view = directory.view("orders");
    await vi.waitFor(() => expect(view.state).toBe("known"), soon);

    server.mood = mood;
    await vi.waitFor(() => expect(view.state).toBe("stale"), soon);
    const during = [originsOf(directory), view.trouble];
    server.names.set("orders.test", { a: ["127.0.0.2"], ttl: 0 });
    server.mood = "well";
    // The old address is asked for itself, or kept for a while: what matters is that the new one is there.
    await vi.waitFor(() => expect(originsOf(directory)).toContain("http://127.0.0.2:80"), soon);

    expect(during).toEqual([
      ["http://127.0.0.1:80"],
      expect.stringMatching(/: A and AAAA of "orders.test" cannot be had: .+; check the name and the name servers$/),
    ]);
  });
});

test("a slow name server holds up neither the files nor the event loop of the process", async () => {
  const { readFile } = await import("node:fs/promises");
  server.mood = "silent";
  const directory = watching({ host: "orders.test", port: 80 });
  directory.view("orders");

  const tookMs: number[] = [];
  for (let turn = 0; turn < 20; turn++) {
    const from = performance.now();
    await readFile(import.meta.filename);
    tookMs.push(performance.now() - from);
  }

  expect(Math.max(...tookMs)).toBeLessThan(200);
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
