import { Destination } from "@enmesh/core";
import { describe, expect, test } from "vitest";

import { loadResources } from "../resources/load.ts";
import { policyForPort } from "./override.ts";
import { compile, type RouteTable } from "./table.ts";

const rule = (spec: string, name = "r", namespace = "default"): string =>
  `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: { ${spec} }\n`;

function tableOf(...texts: string[]): RouteTable {
  const { resources, diagnostics } = loadResources(texts.map((text, index) => ({ name: `${index}.yaml`, text })));
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return compile(resources, { random: () => 0, destinationOf: (service, subset) => new Destination(service, subset) });
}

describe("the policy of a subset", () => {
  const pool =
    "connectionPool: { tcp: { maxConnections: 100 }, http: { http1MaxPendingRequests: 50, maxRequestsPerConnection: 10 } }";
  const table = tableOf(
    rule(
      `host: a, trafficPolicy: { ${pool}, loadBalancer: { simple: RANDOM } }, subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, trafficPolicy: { connectionPool: { tcp: { maxConnections: 50 } } } }]`,
    ),
  );

  test("is the destination's where it says nothing", () => {
    expect(table.trafficPolicy("a", "v1")).toEqual(table.trafficPolicy("a"));
  });

  test("replaces a block whole and keeps the other blocks", () => {
    expect(table.trafficPolicy("a", "v2")).toEqual({
      connectionPool: { maxConnections: 50 },
      loadBalancer: { simple: "RANDOM" },
    });
    expect(table.subsets("a").get("v2")?.trafficPolicy).toEqual(table.trafficPolicy("a", "v2"));
  });

  test("is the destination's when nobody defines the subset, and nothing for a service without rules", () => {
    expect(table.trafficPolicy("a", "v3")).toEqual(table.trafficPolicy("a"));
    expect(table.trafficPolicy("b")).toBeUndefined();
    expect(table.subsets("b").size).toBe(0);
  });
});

test("settings of a port replace every block, also those they leave out; the retry budget stays", () => {
  const { diagnostics } = loadResources([{ name: "a.yaml", text: ports }]);
  const policy = tableOf(ports).trafficPolicy("a");

  expect(diagnostics).toMatchObject([{ code: "ENMESH_R030", path: "spec.trafficPolicy.portLevelSettings" }]);
  expect(policy && policyForPort(policy, 80)).toEqual({
    retryBudget: { percent: 30, minRetryConcurrency: 3, intervalMs: 0 },
    connectionPool: { maxConnections: 5 },
  });
  expect(policy && policyForPort(policy, 81)).toBe(policy);
});

const ports = rule(
  "host: a, trafficPolicy: { loadBalancer: { simple: RANDOM }, retryBudget: { percent: 30 }, portLevelSettings: [{ port: { number: 80 }, connectionPool: { tcp: { maxConnections: 5 } } }] }",
);

describe("several rules", () => {
  test("for one host add up: the first definition counts", () => {
    const table = tableOf(
      rule("host: a, subsets: [{ name: v1, labels: { version: one } }]"),
      rule(
        "host: a.default, trafficPolicy: { loadBalancer: { simple: RANDOM } }, subsets: [{ name: v1, labels: { version: other } }, { name: v2, labels: { version: two } }]",
        "s",
      ),
    );

    expect([...table.subsets("a").values()].map(({ labels }) => labels["version"])).toEqual(["one", "two"]);
    expect(table.trafficPolicy("a", "v1")).toEqual({ loadBalancer: { simple: "RANDOM" } });
  });

  test("of a wildcard and of a service do not add up: the service's counts alone", () => {
    const table = tableOf(
      rule('host: "*.local", trafficPolicy: { loadBalancer: { simple: RANDOM } }', "w"),
      rule("host: a, subsets: [{ name: v1 }]"),
      rule('host: "*", trafficPolicy: { loadBalancer: { simple: ROUND_ROBIN } }', "any"),
    );

    expect(table.trafficPolicy("a")).toBeUndefined();
    expect(table.trafficPolicy("b")).toEqual({ loadBalancer: { simple: "RANDOM" } });
    expect(table.trafficPolicy("api.example.com")).toEqual({ loadBalancer: { simple: "ROUND_ROBIN" } });
  });

  test("of two namespaces are not mixed: the first counts, and that is said", () => {
    const texts = [rule("host: a, subsets: [{ name: v1 }]"), rule("host: a, subsets: [{ name: v2 }]", "r", "other")];

    const { diagnostics } = loadResources(texts.map((text, index) => ({ name: `${index}.yaml`, text })));

    expect(diagnostics).toMatchObject([{ severity: "warning", code: "ENMESH_R047", file: "1.yaml" }]);
    expect([
      ...tableOf(...texts)
        .subsets("a")
        .keys(),
    ]).toEqual(["v1"]);
  });
});

test("outlier detection has Istio's values where a rule says nothing, and says how many endpoints its share needs", () => {
  const text = rule("host: a, trafficPolicy: { outlierDetection: { interval: 5s } }");

  expect(loadResources([{ name: "a.yaml", text }]).diagnostics.map(({ message }) => message)).toEqual([
    "maxEjectionPercent 10 (the default): nothing is ejected with fewer than 10 endpoints",
  ]);
  expect(tableOf(text).trafficPolicy("a")?.outlierDetection).toEqual({
    consecutive5xxErrors: 5,
    consecutiveGatewayErrors: undefined,
    splitExternalLocalOriginErrors: false,
    consecutiveLocalOriginFailures: 5,
    intervalMs: 5_000,
    baseEjectionTimeMs: 30_000,
    maxEjectionPercent: 10,
    minHealthPercent: 0,
  });
});
