import { once } from "node:events";
import http from "node:http";
import { createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { addressOf, isLoopback, listenError, listening } from "./listen-address.ts";

const open: http.Server[] = [];
afterEach(() => open.splice(0).forEach((server) => server.close()));

async function listener(host: string, port = 0): Promise<http.Server> {
  const server = http.createServer();
  open.push(server);
  server.listen(port, host);
  await listening(server);
  return server;
}

describe("isLoopback", () => {
  test.each(["localhost", "127.0.0.1", "127.8.9.10", "::1"])("is true for %s", (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  test.each(["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example.com", "localhost.example.com", "1127.0.0.1", ""])(
    "is false for %s",
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});

describe("addressOf", () => {
  test("is where the server listens", async () => {
    const server = await listener("127.0.0.1");

    expect(addressOf(server)).toEqual({ address: "127.0.0.1", port: (server.address() as { port: number }).port });
  });

  test("is an address that others can use when the server listens everywhere, or the one it is told", async () => {
    const server = await listener("0.0.0.0");

    expect(addressOf(server).address).not.toBe("0.0.0.0");
    expect(addressOf(server, "orders.internal").address).toBe("orders.internal");
  });

  test("says what to do when the server does not listen on a port", () => {
    expect(() => addressOf(createServer())).toThrow("let it listen first, then join");
  });
});

describe("listening", () => {
  test("says that the port is taken, and leaves no listener behind", async () => {
    const { port } = addressOf(await listener("127.0.0.1"));
    const second = http.createServer();
    const before = second.listenerCount("listening");
    second.listen(port, "127.0.0.1");

    await expect(listening(second)).rejects.toMatchObject({
      code: "ENMESH_PORT_IN_USE",
      message: expect.stringContaining(`port ${port} on 127.0.0.1 is taken by another process`),
    });
    expect(second.listenerCount("error")).toBe(0);
    expect(second.listenerCount("listening")).toBe(before);
  });

  test("waits for a server that is not there yet", async () => {
    const server = http.createServer();
    open.push(server);
    const waiting = listening(server);
    server.listen(0, "127.0.0.1");

    await waiting;
    expect(server.listening).toBe(true);
  });
});

describe("listenError", () => {
  test("says what is wrong with an address that is not ours", async () => {
    const server = http.createServer();
    server.listen(0, "192.0.2.1");
    const [error] = (await once(server, "error")) as [NodeJS.ErrnoException];

    expect(listenError(error)).toMatchObject({
      code: "ENMESH_CONFIG_INVALID",
      message: expect.stringContaining("cannot listen on 192.0.2.1"),
    });
  });

  test("leaves other errors as they are", () => {
    const other = Object.assign(new Error("x"), { code: "EMFILE" });

    expect(listenError(other)).toBe(other);
  });
});
