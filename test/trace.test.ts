import { fileURLToPath } from "node:url";
import { type Registry, startRegistry } from "@enmesh/registry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "./fixtures/mesh/world.ts";
import { type Receiver, type Span, startReceiver } from "./fixtures/trace/receiver.ts";
import { type Running, spawnNode } from "./support/processes.ts";

const [internal, server, client] = [1, 2, 3];
const chain = ["gateway", "orders", "payments"] as const;
type Service = (typeof chain)[number];

interface Hop {
  readonly service: string;
  readonly traceParents: number;
  readonly sent: string | undefined;
}

let receiver: Receiver;
let registry: Registry;
const running = {} as Record<Service, Running>;
let entrance: string;

beforeAll(async () => {
  [receiver, registry] = [await startReceiver(), await startRegistry({ port: 0 })];
  const script = fileURLToPath(new URL("fixtures/trace/hop.ts", import.meta.url));
  for (const [index, service] of chain.entries()) {
    const env = {
      ENMESH_SERVICE: service,
      ENMESH_REGISTRY: registry.url,
      NEXT: chain[index + 1],
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_BSP_SCHEDULE_DELAY: "100",
    };
    running[service] = spawnNode("--import", { args: ["enmesh/telemetry", script], env });
  }
  const ready = await Promise.all(chain.map((service) => running[service].waitForLine(/^listening on (\d+)/)));
  entrance = `http://127.0.0.1:${ready[0]?.[1]}`;
});

afterAll(async () => {
  await Promise.all(Object.values(running).map((process) => process.destroy()));
  await registry.close();
  receiver.close();
});

/** Sends one request through the chain. */
async function go(path: string, headers: Record<string, string> = {}): Promise<Hop[]> {
  const response = await fetch(entrance + path, { headers });
  expect(response.status).toBe(200);
  return (await response.json()) as Hop[];
}

const traceIdOf = ({ sent }: Hop): string => sent?.split("-")[1] ?? "";

async function spansOf(traceId: string, count: number): Promise<Span[]> {
  const found = (): Span[] => receiver.spans.filter((span) => span.traceId === traceId);
  await eventually(() => found().length >= count);
  // What is too much would come with the next batch.
  await new Promise((resolve) => setTimeout(resolve, 300));
  return found();
}

function only(spans: readonly Span[], service: Service, kind: number): Span {
  const found = spans.filter((span) => span.service === service && span.kind === kind);
  expect(found).toHaveLength(1);
  return found[0] as Span;
}

interface Line extends Record<string, unknown> {
  readonly trace_id?: string;
  readonly span_id?: string;
}

const linesOf = (service: Service, traceId: string): Line[] =>
  running[service].lines
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Line)
    .filter((line) => line.trace_id === traceId);

describe("a request that crosses three processes", () => {
  test("is one trace, each span under the one that caused it", async () => {
    const hops = await go("/plain");
    const traceId = traceIdOf(hops[1] as Hop);
    const spans = await spansOf(traceId, 7);

    const [gateway, call, out] = [server, internal, client].map((kind) => only(spans, "gateway", kind));
    expect(gateway?.parentSpanId).toBeUndefined();
    expect(call?.parentSpanId).toBe(gateway?.spanId);
    expect(out?.parentSpanId).toBe(call?.spanId);
    const orders = only(spans, "orders", server);
    expect(orders.parentSpanId).toBe(out?.spanId);
    const toPayments = only(spans, "orders", client);
    expect(toPayments.parentSpanId).toBe(only(spans, "orders", internal).spanId);
    expect(only(spans, "payments", server).parentSpanId).toBe(toPayments.spanId);
    expect(spans).toHaveLength(7);
  });

  test("has exactly one traceparent on every hop, and it names the span that sent it", async () => {
    const hops = await go("/wire");
    const traceId = traceIdOf(hops[1] as Hop);
    const spans = await spansOf(traceId, 7);

    expect(hops.map(({ service, traceParents }) => [service, traceParents])).toEqual([
      ["gateway", 0],
      ["orders", 1],
      ["payments", 1],
    ]);
    expect(hops[1]?.sent).toBe(`00-${traceId}-${only(spans, "gateway", client).spanId}-01`);
    expect(hops[2]?.sent).toBe(`00-${traceId}-${only(spans, "orders", client).spanId}-01`);
  });

  test("has a client span for each attempt, and a server span for each request that arrived", async () => {
    const hops = await go("/once");
    const spans = await spansOf(traceIdOf(hops[1] as Hop), 9);

    const attempts = spans.filter(({ service, kind }) => service === "orders" && kind === client);
    const arrived = spans.filter(({ service, kind }) => service === "payments" && kind === server);
    const statuses = attempts.map(({ attributes }) => attributes["http.response.status_code"]);
    expect(statuses).toHaveLength(2);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    expect(new Set(arrived.map(({ parentSpanId }) => parentSpanId))).toEqual(
      new Set(attempts.map(({ spanId }) => spanId)),
    );
    expect(arrived).toHaveLength(2);
    expect(attempts.find(({ attributes }) => attributes["enmesh.attempt"] === 2)?.attributes).toMatchObject({
      "http.request.resend_count": 1,
    });
  });

  test("goes on the trace of whoever called, and leaves one that was not sampled unrecorded", async () => {
    const [mine, unsampled] = ["a1".repeat(16), "b2".repeat(16)];

    await go("/mine", { traceparent: `00-${mine}-${"c3".repeat(8)}-01` });
    const hops = await go("/unsampled", { traceparent: `00-${unsampled}-${"c3".repeat(8)}-00` });

    const spans = await spansOf(mine, 7);
    expect(only(spans, "gateway", server).parentSpanId).toBe("c3".repeat(8));
    expect(hops.map(traceIdOf)).toEqual([unsampled, unsampled, unsampled]);
    expect(hops.every(({ sent }) => sent?.endsWith("-00"))).toBe(true);
    expect(receiver.spans.filter(({ traceId }) => traceId === unsampled)).toEqual([]);
  });

  test("is found in the log of every hop by its ids", async () => {
    const hops = await go("/logged");
    const traceId = traceIdOf(hops[1] as Hop);
    const spans = await spansOf(traceId, 7);

    for (const service of chain) {
      await eventually(() => linesOf(service, traceId).some(({ direction }) => direction === "inbound"));
      const lines = linesOf(service, traceId);
      const { spanId } = only(spans, service, server);
      expect(lines.filter(({ direction }) => direction === "inbound")).toMatchObject([
        { path: "/logged", status: 200, span_id: spanId },
      ]);
      expect(lines.filter(({ msg }) => msg === "handling")).toMatchObject([{ span_id: spanId, url: "/logged" }]);
      const outbound = lines.filter(({ direction }) => direction === "outbound");
      expect(outbound).toHaveLength(service === "payments" ? 0 : 1);
      for (const line of outbound) expect(line["span_id"]).toMatch(/^[0-9a-f]{16}$/);
    }
  });
});
