import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startGrpcService, startHttpService } from "../../test/health-service.ts";
import type { Probe } from "../model/probe.ts";
import { runProbe } from "./run-probe.ts";

let http: Awaited<ReturnType<typeof startHttpService>>;
let grpc: Awaited<ReturnType<typeof startGrpcService>>;
beforeAll(async () => {
  [http, grpc] = await Promise.all([startHttpService(), startGrpcService(["", "orders"])]);
});
afterAll(() => Promise.all([http.stop(), grpc.stop()]));

describe("over HTTP", () => {
  test.each([
    ["/200", "passing", "200 OK Output: how it is"],
    ["/204", "passing", "204 No Content Output: "],
    ["/429", "warning", "429 Too Many Requests Output: how it is"],
    ["/404", "critical", "404 Not Found Output: how it is"],
    ["/503", "critical", "503 Service Unavailable Output: how it is"],
    ["/to/200", "passing", "200 OK Output: how it is"],
  ])("%s is %s", async (path, status, output) => {
    const result = await look({ kind: "http", target: http.url + path });

    expect(result).toEqual({ status, output: `HTTP GET ${http.url}${path}: ${output}` });
  });

  test("asks with the method, the headers and the body that it was given, and says who it is", async () => {
    await look({ kind: "http", target: `${http.url}/200`, method: "POST", header: { "X-A": ["1", "2"] }, body: "hi" });

    const { method, headers } = http.asked.at(-1) ?? {};
    expect([method, headers?.["x-a"], headers?.["user-agent"], headers?.["content-length"]]).toEqual([
      "POST",
      "1, 2",
      "Consul Health Check",
      "2",
    ]);
  });

  test("does not follow where it is told not to, nor for ever", async () => {
    const loop = `${http.url}${"/to".repeat(20)}/200`;

    expect(await look({ kind: "http", target: `${http.url}/to/200`, followsRedirects: false })).toMatchObject({
      status: "critical",
    });
    expect((await look({ kind: "http", target: loop })).output).toContain("stopped after 10 redirects");
  });

  test("is not led to an address that no check may reach", async () => {
    const result = await look({ kind: "http", target: `${http.url}/to/http://169.254.169.254/` });

    expect(result).toMatchObject({
      status: "critical",
      output: expect.stringContaining("no check may reach") as string,
    });
  });

  test("says in Go's words that nobody listens, or that nobody answers", async () => {
    const refused = await look({ kind: "http", target: "http://127.0.0.1:1/" });
    const silent = await look({ kind: "http", target: `${http.url}/never` }, 50);

    expect(refused.output).toBe('Get "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused');
    expect(silent.output).toContain("context deadline exceeded");
  });
});

test("over TCP, whoever listens is passing", async () => {
  const address = http.url.replace("http://", "");

  expect(await look({ kind: "tcp", target: address })).toEqual({
    status: "passing",
    output: `TCP connect ${address}: Success`,
  });
  expect(await look({ kind: "tcp", target: "127.0.0.1:1" })).toEqual({
    status: "critical",
    output: "dial tcp 127.0.0.1:1: connect: connection refused",
  });
  expect((await look({ kind: "tcp", target: "nonsense" })).status).toBe("critical");
});

describe("over gRPC", () => {
  test.each([
    ["", "passing", "success"],
    ["/orders", "passing", "success"],
    ["/stock", "critical", "gRPC application didn't report service healthy"],
    ["/unknown", "critical", "rpc error: code = NotFound desc = unknown service"],
  ])("the server's service %j is %s", async (service, status, output) => {
    const result = await look({ kind: "grpc", target: grpc.address + service });

    expect(result.status).toBe(status);
    expect(result.output).toContain(output);
  });

  test("nobody there, or somebody else, is critical", async () => {
    expect((await look({ kind: "grpc", target: "127.0.0.1:1" })).output).toContain("code = Unavailable");
    expect((await look({ kind: "grpc", target: http.url.replace("http://", "") }, 1_000)).status).toBe("critical");
  });
});

test.each([
  ["exit 0", "passing", "said"],
  ["exit 1", "warning", "said"],
  ["exit 2", "critical", "said"],
])("a script that ends with %s is %s", async (end, status, output) => {
  const result = await look({ kind: "script", target: "", command: ["sh", "-c", `printf said; ${end}`] });

  expect(result).toEqual({ status, output });
});

function look(probe: Partial<Probe> & Pick<Probe, "kind" | "target">, timeoutMs = 10_000) {
  return runProbe({ intervalMs: 1_000, timeoutMs, ...probe }, AbortSignal.timeout(timeoutMs));
}
