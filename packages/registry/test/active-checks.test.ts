import { afterAll, beforeAll, expect, test } from "vitest";

import { startRegistry } from "../src/registry.ts";
import { startGrpcService, startHttpService } from "./health-service.ts";

interface Support {
  consulBinary(): string | undefined;
  startConsul(): Promise<{ readonly url: string; stop(): Promise<void> }>;
}

// The workspace's own helper, where there is one: this package does not depend on it.
const helper = new URL("../../../test/support/consul.ts", import.meta.url).href;
const support = (await import(helper).catch(() => undefined)) as Support | undefined;
const isThere = support?.consulBinary() !== undefined;

const running: (() => Promise<void>)[] = [];
const urls: string[] = [];
let http: Awaited<ReturnType<typeof startHttpService>>;
let grpc: Awaited<ReturnType<typeof startGrpcService>>;
beforeAll(async () => {
  [http, grpc] = await Promise.all([startHttpService(), startGrpcService(["", "orders"])]);
  running.push(http.stop, grpc.stop);
  const registry = await startRegistry({ port: 0 });
  running.push(registry.close);
  urls.push(registry.url);
  if (!isThere) return;
  const consul = await support.startConsul();
  running.push(consul.stop);
  urls.push(consul.url);
}, 60_000);
afterAll(async () => {
  for (const stop of running.splice(0).toReversed()) await stop();
}, 60_000);

test("checks that are carried out find the same, here and in a real Consul", { timeout: 60_000 }, async () => {
  const checks: Record<string, object> = {
    ok: { HTTP: `${http.url}/200` },
    busy: { HTTP: `${http.url}/429` },
    broken: { HTTP: `${http.url}/503`, Method: "POST", Header: { "X-A": ["1"] } },
    moved: { HTTP: `${http.url}/to/200` },
    refused: { HTTP: "http://127.0.0.1:1/" },
    listening: { TCP: http.url.replace("http://", "") },
    silent: { TCP: "127.0.0.1:1" },
    server: { GRPC: grpc.address },
    service: { GRPC: `${grpc.address}/orders` },
    sleeping: { GRPC: `${grpc.address}/stock` },
  };
  const found = await Promise.all(
    urls.map(async (url) => {
      for (const [Name, check] of Object.entries(checks)) {
        const body = JSON.stringify({ Name, Interval: "1s", Timeout: "1s", ...check });
        await fetch(`${url}/v1/agent/check/register`, { method: "PUT", body });
      }
      for (;;) {
        const now = (await (await fetch(`${url}/v1/agent/checks`)).json()) as Record<
          string,
          { Output: string; Status: string }
        >;
        if (Object.values(now).every(({ Output }) => Output !== "")) {
          return Object.entries(now).map(([id, { Status, Output }]) => [id, Status, Output]);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }),
  );

  const [ours, theirs = ours] = found;
  expect(ours).toEqual(theirs);
  expect(ours?.map(([id, status]) => `${id} ${status}`)).toEqual([
    "broken critical",
    "busy warning",
    "listening passing",
    "moved passing",
    "ok passing",
    "refused critical",
    "server passing",
    "service passing",
    "silent critical",
    "sleeping critical",
  ]);
});
