import { type Call, Destination, type InboundRecord } from "@enmesh/core";
import { scripted, simulate, simulatedEndpoint } from "@enmesh/core/simulation";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseExposition } from "../test/exposition.ts";
import { EdgeBook } from "./edge-book.ts";
import { createMetrics, type Metrics } from "./index.ts";
import { SeriesTable } from "./series.ts";

const identity = { service: "web", instanceId: "web-1", version: "1.0.0", namespace: "shop" };

function inbound(fields: Partial<InboundRecord>): InboundRecord {
  const trace = { traceId: "1".repeat(32), spanId: "2".repeat(16), isSampled: false, traceState: undefined };
  const rest = {
    requestId: "r",
    attempt: 1,
    isAborted: false,
    refusedWith: undefined,
    route: undefined,
    peer: undefined,
  };
  return { method: "GET", path: "/", status: 200, durationMs: 1, trace, ...rest, ...fields };
}

async function requests(metrics: Metrics): Promise<ReturnType<typeof parseExposition>> {
  return parseExposition(await metrics.render()).filter(({ name }) => name === "istio_requests_total");
}

describe("the number of series", () => {
  test("never exceeds the cap, whoever calls, and no request is lost", async () => {
    const peer = fc.record({ service: fc.string(), version: fc.string(), namespace: fc.constantFrom("a", "b") });
    const record = fc.record({ peer, status: fc.integer({ min: -1, max: 1_000 }) }).map(inbound);

    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 300 }),
        fc.integer({ min: 4, max: 40 }),
        async (records, maxSeries) => {
          const metrics = createMetrics({ identity, defaultMetrics: false, maxSeries });

          for (const each of records) metrics.inbound(each);

          const lines = await requests(metrics);
          expect(lines.length).toBeLessThanOrEqual(maxSeries);
          expect(metrics.snapshot().series).toBeLessThanOrEqual(maxSeries);
          expect(lines.reduce((sum, { value }) => sum + value, 0)).toBe(records.length);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("above the cap is counted in one overflow series per reporter", async () => {
    const metrics = createMetrics({ identity, defaultMetrics: false, maxSeries: 4 });

    for (let service = 0; service < 10; service++) {
      const endpoint = simulatedEndpoint(`s${service}-1`, {}, `s${service}`);
      simulate(scripted([200]), { destination: new Destination(`s${service}`), endpoint })
        .through(metrics.outbound)
        .one();
      metrics.inbound(inbound({ peer: { service: `c${service}`, version: "1", namespace: "shop" } }));
    }

    const overflow = (await requests(metrics)).filter(({ labels }) => labels["response_code"] === "unknown");
    expect(overflow).toEqual([
      expect.objectContaining({
        value: 9,
        labels: expect.objectContaining({
          reporter: "source",
          source_workload: "web",
          destination_service_name: "_overflow",
        }),
      }),
      expect.objectContaining({
        value: 9,
        labels: expect.objectContaining({
          reporter: "destination",
          source_workload: "_overflow",
          destination_service_name: "web",
        }),
      }),
    ]);
  });

  test("does not grow with methods, paths or unknown services", async () => {
    const simulation = simulate(scripted([200]));
    const metrics = createMetrics({ identity, defaultMetrics: false });
    simulation.through(metrics.outbound);
    const call = simulation.start();
    simulation.time.advance(10);

    for (let each = 0; each < 100; each++) {
      metrics.inbound(inbound({ method: `M${each}`, path: `/orders/${each}`, route: `/orders/${each}` }));
      const strange = Object.create(call, {
        service: { value: `host${each}` },
        destination: { value: undefined },
        method: { value: `M${each}` },
      }) as Call;
      metrics.outbound.settle?.(strange, { kind: "fatal", status: 0, cause: "refused" } as never);
    }

    expect(await requests(metrics)).toHaveLength(3);
  });
});

describe("the edges kept in memory", () => {
  test("do not grow with names from outside once the series are full", () => {
    const table = new SeriesTable({ maxSeries: 10, bucketsMs: [1], codeOf: String });
    const self = { service: "web", version: "1.0.0", namespace: "shop", cluster: "unknown" };
    const service = { name: "web", namespace: "shop", host: "web.shop.svc.cluster.local" };
    const book = new EdgeBook(table, "destination", self, service, "none");
    const labels = book.overflow.labels;

    for (let name = 0; name < 1_000; name++) book.find(`c${name}`, "1", "shop", () => labels).count(200, "-", 1);

    expect(book.edges).toHaveLength(9);
  });
});

describe("a label", () => {
  test("never carries a status that is none", async () => {
    const metrics = createMetrics({ identity, defaultMetrics: false });

    for (const status of [999, 99, 600, -1, 200.5, Number.NaN]) metrics.inbound(inbound({ status }));

    const codes = (await requests(metrics)).map(({ labels }) => labels["response_code"]);
    expect(new Set(codes)).toEqual(new Set(["unknown"]));
  });

  test("never carries what a header made up: only what looks like a name", async () => {
    const canary = "cAnArY";
    const strange = fc.string({ minLength: 1 }).map((noise) => `${canary} ${noise}"\n`);

    await fc.assert(
      fc.asyncProperty(fc.array(strange, { minLength: 1, maxLength: 20 }), async (texts) => {
        const metrics = createMetrics({ identity, defaultMetrics: false });

        for (const text of texts) {
          const peer = { service: text, version: text, namespace: text };
          metrics.inbound(inbound({ peer, method: text, path: text, route: text, requestId: text, refusedWith: text }));
        }

        expect(await metrics.render()).not.toContain(canary);
      }),
      { numRuns: 50 },
    );
  });
});
