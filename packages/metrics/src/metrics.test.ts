import { Destination, type MeshErrorCode, type Policy, refuse, type RoutedCall } from "@enmesh/core";
import { scripted, simulate } from "@enmesh/core/simulation";
import { describe, expect, test } from "vitest";
import { parseExposition, sumBy } from "../test/exposition.ts";
import { identity, record, requestsOf, world } from "../test/world.ts";
import { createMetrics, istioLabelNames } from "./index.ts";

describe("istio_requests_total", () => {
  test("has exactly Istio's labels, in Istio's order", async () => {
    const { metrics, simulation } = world(scripted([200]));

    simulation.one();
    metrics.inbound(record);

    const lines = await requestsOf(metrics);
    expect(lines.map(({ labels }) => Object.keys(labels))).toEqual([[...istioLabelNames], [...istioLabelNames]]);
  });

  test("tells a call as its caller saw it", async () => {
    const { metrics, simulation } = world(scripted([200]));

    simulation.many(3, 10);

    expect(await requestsOf(metrics)).toEqual([
      {
        name: "istio_requests_total",
        value: 3,
        labels: {
          reporter: "source",
          source_workload: "web",
          source_canonical_service: "web",
          source_canonical_revision: "1.2.0",
          source_workload_namespace: "shop",
          source_principal: "unknown",
          source_app: "web",
          source_version: "1.2.0",
          source_cluster: "unknown",
          destination_workload: "orders",
          destination_workload_namespace: "shop",
          destination_principal: "unknown",
          destination_app: "orders",
          destination_version: "2.0.0",
          destination_service: "orders.shop.svc.cluster.local",
          destination_canonical_service: "orders",
          destination_canonical_revision: "2.0.0",
          destination_service_name: "orders",
          destination_service_namespace: "shop",
          destination_cluster: "unknown",
          request_protocol: "http",
          response_code: "200",
          grpc_response_status: "",
          response_flags: "-",
          connection_security_policy: "unknown",
        },
      },
    ]);
  });

  test("tells a request as its server saw it, and from whom", async () => {
    const { metrics } = world(scripted([200]));

    metrics.inbound(record);
    metrics.inbound({ ...record, peer: undefined });

    const lines = await requestsOf(metrics);
    expect(lines.map(({ labels }) => labels)).toEqual([
      expect.objectContaining({
        reporter: "destination",
        source_workload: "gateway",
        source_version: "3.1.0",
        source_workload_namespace: "edge",
        destination_workload: "web",
        destination_service: "web.shop.svc.cluster.local",
        connection_security_policy: "none",
      }),
      expect.objectContaining({ reporter: "destination", source_workload: "unknown", source_cluster: "unknown" }),
    ]);
  });

  test.each([
    ["connect", "UF,URX"],
    ["cancelled", "DC"],
    ["error", "-"],
  ] as const)("tells a call that failed with %s by code 0 and Envoy's flags", async (fails, flags) => {
    const { metrics, simulation } = world(() => ({ fails }));

    simulation.one();

    expect(await requestsOf(metrics)).toEqual([
      expect.objectContaining({ labels: expect.objectContaining({ response_code: "0", response_flags: flags }) }),
    ]);
  });

  test.each([
    ["ENMESH_NO_ENDPOINT", "UH", "503"],
    ["ENMESH_CIRCUIT_OPEN", "UO", "503"],
    ["ENMESH_BULKHEAD_FULL", "UO", "503"],
    ["ENMESH_NO_ROUTE", "NR", "404"],
    ["ENMESH_DEADLINE_EXCEEDED", "UT", "504"],
  ] as const)("a call refused with %s reached nobody, and says why", async (code: MeshErrorCode, flags, status) => {
    const refusing: Policy<RoutedCall> = { name: "refusing", admit: () => refuse(code, "no") };

    for (const unansweredAs of ["zero", "status"] as const) {
      const { metrics, simulation } = world(scripted([200]), { unansweredAs }, refusing);
      simulation.one();

      const [line] = await requestsOf(metrics);
      expect(line?.labels).toMatchObject({
        destination_workload: "unknown",
        destination_workload_namespace: "unknown",
        destination_service: "orders.shop.svc.cluster.local",
        destination_service_name: "orders",
        response_code: unansweredAs === "zero" ? "0" : status,
        response_flags: flags,
      });
    }
  });

  test("follows an instance whose version changes", async () => {
    const { metrics, simulation } = world(scripted([200]));

    simulation.one();
    simulation.endpoint.instance = { ...simulation.endpoint.instance, labels: { version: "2.0.1" } };
    simulation.one();

    expect(sumBy(await requestsOf(metrics), "destination_version")).toEqual({ "2.0.0": 1, "2.0.1": 1 });
  });

  test.each([
    ["orders", "orders.shop.svc.cluster.local", "shop"],
    ["orders.other", "orders.other.svc.cluster.local", "other"],
    ["orders.other.svc.cluster.local", "orders.other.svc.cluster.local", "other"],
    ["api.example.com", "api.example.com", "unknown"],
  ])("names the service %s as %s", async (service, host, namespace) => {
    const simulation = simulate(scripted([200]), { destination: new Destination(service) });
    const metrics = createMetrics({ identity, defaultMetrics: false });
    simulation.through(metrics.outbound);

    simulation.one();

    const [line] = await requestsOf(metrics);
    expect(line?.labels).toMatchObject({ destination_service: host, destination_service_namespace: namespace });
  });
});

describe("istio_request_duration_milliseconds", () => {
  test("is a histogram: its buckets grow, and its count is that of the requests", async () => {
    const waits = [1, 30, 30, 700, 90_000];
    const { metrics, simulation } = world(() => ({ status: 200, afterMs: waits.shift() ?? 1 }));

    for (let call = 0; call < 5; call++) simulation.one();

    const lines = parseExposition(await metrics.render()).filter(({ name }) =>
      name.startsWith("istio_request_duration"),
    );
    const buckets = lines
      .filter(({ name }) => name.endsWith("_bucket"))
      .map(({ labels, value }) => [labels["le"], value]);
    expect(Object.fromEntries(buckets)).toMatchObject({
      "0.5": 0,
      "1": 1,
      "25": 1,
      "50": 3,
      "500": 3,
      "1000": 4,
      "60000": 4,
      "300000": 5,
      "+Inf": 5,
    });
    expect(lines.find(({ name }) => name.endsWith("_sum"))?.value).toBe(90_761);
    expect(lines.find(({ name }) => name.endsWith("_count"))?.value).toBe(5);
  });
});

describe("the alert rules of the platform", () => {
  test("HighErrorRate finds the share of 5xx per destination", async () => {
    const { metrics, simulation } = world(scripted([500, 500, 200]));

    for (let call = 0; call < 3; call++) simulation.one();

    const lines = await requestsOf(metrics);
    const failed = sumBy(lines, "destination_service_name", ({ labels }) =>
      /^5.*$/.test(labels["response_code"] ?? ""),
    );
    const all = sumBy(lines, "destination_service_name");
    expect((failed["orders"] ?? 0) / (all["orders"] ?? 1)).toBeCloseTo(1 / 3);
  });

  test("HighLatency finds buckets per destination and bound", async () => {
    const { metrics, simulation } = world(scripted([200], 2_000));

    simulation.one();

    const buckets = parseExposition(await metrics.render()).filter(
      ({ name }) => name === "istio_request_duration_milliseconds_bucket",
    );
    expect(buckets.every(({ labels }) => labels["destination_service_name"] === "orders")).toBe(true);
    expect(sumBy(buckets, "le")).toMatchObject({ "1000": 0, "2500": 1, "+Inf": 1 });
  });
});

test.each([
  [{ maxSeries: 3 }, "metrics: maxSeries must be 4 to 100000, got 3"],
  [{ bucketsMs: [] }, "metrics: bucketsMs must be positive and growing, got []"],
  [{ bucketsMs: [5, 5] }, "metrics: bucketsMs must be positive and growing, got [5, 5]"],
])("options %o are refused plainly", (options, message) => {
  expect(() => createMetrics({ identity, ...options })).toThrow(message);
});
