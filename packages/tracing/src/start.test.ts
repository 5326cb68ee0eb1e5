import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const at = (name: string): string => fileURLToPath(new URL(`../test/${name}`, import.meta.url));

/** A service of its own process that starts telemetry, answers one request and ends. */
async function run(
  environment: Readonly<Record<string, string>>,
): Promise<{ started: boolean; answeredMs: number; shutdownMs: number }> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", at("read-sources.mjs"), at("started-service.mjs")],
    {
      env: { PATH: process.env["PATH"], ...environment },
      timeout: 30_000,
    },
  );
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}") as Awaited<ReturnType<typeof run>>;
}

describe("startTelemetry", () => {
  test("does nothing when nothing asks for it", { timeout: 40_000 }, async () => {
    expect(await run({})).toMatchObject({ started: false });
  });

  test(
    "sends spans to the collector over OTLP/HTTP, under the service's name, and not those of its own sending",
    { timeout: 40_000 },
    async () => {
      const bodies: { path: string | undefined; type: string | undefined; text: string }[] = [];
      const collector = createServer((request, response) => {
        void bodyOf(request).then((text) => {
          bodies.push({ path: request.url, type: request.headers["content-type"], text });
          response.end();
        });
      });
      await once(collector.listen(0, "127.0.0.1"), "listening");
      const { port } = collector.address() as AddressInfo;

      const service = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, ENMESH_SERVICE: "orders" });
      collector.close();

      expect(service).toMatchObject({ started: true });
      expect(bodies.map(({ path, type }) => [path, type])).toEqual([["/v1/traces", "application/x-protobuf"]]);
      expect(bodies[0]?.text).toContain("orders");
      expect(bodies[0]?.text).toContain("call stock");
    },
  );

  test(
    "a collector that is not there neither delays the service nor holds up its end",
    { timeout: 40_000 },
    async () => {
      const service = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_BSP_SCHEDULE_DELAY: "10" });

      expect(service.started).toBe(true);
      expect(service.answeredMs).toBeLessThan(1_000);
      expect(service.shutdownMs).toBeLessThan(3_500);
    },
  );

  test("a collector that never answers holds up the end for three seconds at most", { timeout: 40_000 }, async () => {
    const collector = createServer(() => {});
    await once(collector.listen(0, "127.0.0.1"), "listening");
    const { port } = collector.address() as AddressInfo;

    const service = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
    collector.closeAllConnections();
    collector.close();

    expect(service.shutdownMs).toBeLessThan(3_500);
  });
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("latin1")) text += String(chunk);
  return text;
}
