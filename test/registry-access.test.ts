import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createRuntime } from "@enmesh/core";
import { consulSource, createDirectory } from "@enmesh/discovery";
import { startRegistry, type Registry, type RegistryOptions } from "@enmesh/registry";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

const running: Registry[] = [];
let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "enmesh-access-"))));
afterEach(async () => {
  for (const registry of running.splice(0)) await registry.close();
  await rm(directory, { recursive: true });
});

describe("tokens", () => {
  const tokens = [
    { name: "orders-team", token: "orders-secret", rights: { write: ["orders"] } },
    { name: "board", token: "board-secret", rights: "read" },
  ] as const;

  test("open what they say and nothing else, and a refusal names the token but not its secret", async () => {
    const { call } = await started({ token: "all", tokens });
    const register = (token: string, Name: string): Promise<Answer> =>
      call("PUT", "/v1/agent/service/register", { token, body: JSON.stringify({ Name, Port: 80 }) });

    const answers = {
      nobody: await register("", "orders"),
      wrong: await register("orders-secret2", "orders"),
      own: await register("orders-secret", "orders"),
      foreign: await register("orders-secret", "payments"),
      reader: await register("board-secret", "orders"),
      admin: await register("all", "payments"),
      takeover: await call("PUT", "/v1/agent/service/deregister/payments", { token: "orders-secret" }),
      keys: await call("PUT", "/v1/kv/a", { token: "orders-secret", body: "1" }),
      reading: await call("GET", "/v1/health/service/payments", { token: "board-secret" }),
    };

    const statuses = Object.fromEntries(Object.entries(answers).map(([who, { status }]) => [who, status]));
    expect(statuses).toEqual({
      nobody: 403,
      wrong: 403,
      own: 200,
      foreign: 403,
      reader: 403,
      admin: 200,
      takeover: 403,
      keys: 403,
      reading: 200,
    });
    expect(answers.foreign.body).toBe(
      'Permission denied: token "orders-team" has no right to change the service "payments"',
    );
    expect(JSON.stringify(answers)).not.toMatch(/orders-secret|board-secret/);
  });
});

describe("what no client has a use for", () => {
  test.each([
    ["169.254.169.254", 80],
    ["::ffff:a9fe:a9fe", 80],
    ["0x7f.1", 80],
    ["2130706433", 80],
    ["host#@evil", 80],
    ["user@host", 80],
    ["a\0b", 80],
    ["unix:/tmp/x", 80],
    ["10.0.0.7", 0],
    ["10.0.0.7", 65_536],
  ])("an instance at %j port %d is refused with 400", async (Address, Port) => {
    const { call } = await started({});

    const answer = await call("PUT", "/v1/agent/service/register", {
      body: JSON.stringify({ Name: "orders", Address, Port }),
    });

    expect([answer.status, (await call("GET", "/v1/agent/services")).body]).toEqual([400, "{}"]);
  });

  test("a body of two megabytes, a hundred and one headers, and a megabyte of headers are refused", async () => {
    const { call, url } = await started({});
    const headers = Object.fromEntries(Array.from({ length: 110 }, (_, at) => [`x-${at}`, "1"]));

    expect((await call("PUT", "/v1/agent/service/register", { body: "x".repeat(2_000_000) })).status).toBe(413);
    expect((await call("GET", "/v1/status/leader", { headers })).status).toBe(431);
    expect(await sendRaw(url, `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${"x".repeat(1_000_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431/,
    );
  });

  test("an instance more than there may be is refused with 429 and a sentence", async () => {
    const { call } = await started({ maxInstances: 2 });
    const register = (ID: string): Promise<Answer> =>
      call("PUT", "/v1/agent/service/register", { body: JSON.stringify({ Name: "orders", ID }) });
    await register("a");
    await register("b");

    expect(await register("c")).toMatchObject({ status: 429, body: expect.stringContaining('raise "maxInstances"') });
    expect((await register("a")).status).toBe(200);
  });
});

test("one malformed instance among a thousand leaves a client the other 999", { timeout: 60_000 }, async () => {
  const { call, url } = await started({});
  const register = (ID: string, parts: object): Promise<Answer> =>
    call("PUT", "/v1/agent/service/register", {
      body: JSON.stringify({ Name: "orders", ID, Check: { TTL: "60s", Status: "passing" }, ...parts }),
    });
  for (let at = 1; at < 1_000; at++) await register(`orders-${at}`, { Address: "10.0.0.7", Port: 1_000 + at });
  // No port is well for Consul; a client has nothing to call. Its labels say things that nobody expects of them.
  await register("orders-odd", {
    Address: "10.0.0.8",
    Meta: { weight: "NaN", zone: "\u0000", enmesh: "99", protocol: "gopher" },
  });

  const list = createDirectory({ source: consulSource({ url, runtime: createRuntime() }), runtime: createRuntime() });
  try {
    const view = list.view("orders");
    await list.ready({ timeoutMs: 10_000 });

    await vi.waitFor(() => expect(view.snapshot.endpoints).toHaveLength(999), { timeout: 20_000 });
  } finally {
    list.close();
  }
});

describe("with a certificate", () => {
  const hasOpenssl = canRun("openssl");

  test.skipIf(!hasOpenssl)(
    "it speaks HTTPS, and with an authority for clients only to those of that authority",
    async () => {
      const ca = issueCertificate("ca");
      const own = issueCertificate("registry", ca);
      const client = issueCertificate("client", ca);
      const stranger = issueCertificate("stranger");
      const { url } = await started({ tls: { certFile: own.cert, keyFile: own.key, clientCaFile: ca.cert } });
      const callWith = async (identity: Issued | undefined): Promise<number | string> => {
        const files =
          identity === undefined ? {} : { cert: await readFile(identity.cert), key: await readFile(identity.key) };
        return secureStatus(`${url}/v1/status/leader`, { ca: await readFile(ca.cert), ...files });
      };

      expect(url).toMatch(/^https:/);
      expect(await callWith(client)).toBe(200);
      expect(await callWith(undefined)).toMatch(/certificate|reset|closed|hang/i);
      expect(await callWith(stranger)).toMatch(/certificate|unknown ca|reset|closed|hang/i);
    },
  );

  test("that cannot be read it does not start in the clear", async () => {
    await expect(
      startRegistry({ port: 0, tls: { certFile: "/nowhere.pem", keyFile: "/nowhere.key" } }),
    ).rejects.toThrow(/tls.certFile: cannot be read/);
  });

  function issueCertificate(name: string, by?: Issued): Issued {
    const [key, cert] = [join(directory, `${name}.key`), join(directory, `${name}.pem`)];
    const order = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
    const issuer = by === undefined ? [] : ["-CA", by.cert, "-CAkey", by.key];
    execFileSync("openssl", [...order, ...subject, ...issuer, "-keyout", key, "-out", cert], { stdio: "ignore" });
    return { key, cert };
  }
});

interface Issued {
  readonly cert: string;
  readonly key: string;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function started(options: RegistryOptions) {
  const registry = await startRegistry({ port: 0, ...options });
  running.push(registry);
  const { url } = registry;
  const call = async (
    method: string,
    path: string,
    {
      token = "",
      body = null,
      headers = {},
    }: { token?: string; body?: string | null; headers?: Record<string, string> } = {},
  ): Promise<Answer> => {
    const given = token === "" ? headers : { ...headers, "x-consul-token": token };
    const answer = await fetch(url + path, { method, body, headers: given });
    return { status: answer.status, body: await answer.text() };
  };
  return { url, call };
}

function secureStatus(url: string, tls: { ca: Buffer; cert?: Buffer; key?: Buffer }): Promise<number | string> {
  return new Promise((resolve) => {
    const sent = request(url, { ...tls, agent: false }, (response: IncomingMessage) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on("error", (error) => resolve(error.message));
    sent.end();
  });
}

function sendRaw(url: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(text));
    socket.setEncoding("utf8").on("data", (part: string) => (answer += part));
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}

function canRun(command: string): boolean {
  try {
    execFileSync(command, ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
