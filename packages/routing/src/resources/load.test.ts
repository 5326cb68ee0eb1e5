import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { loadResources } from "./load.ts";

const fixtures = join(import.meta.dirname, "../../test-fixtures");
const fixture = (name: string): { name: string; text: string } => ({
  name,
  text: readFileSync(join(fixtures, name), "utf8"),
});
const said = (diagnostics: readonly Diagnostic[]): string[] =>
  diagnostics.map(({ severity, code, resource, path, line }) =>
    `${line} ${severity} ${code} ${resource} ${path}`.trim(),
  );
const load = (...texts: string[]): readonly Diagnostic[] =>
  loadResources(texts.map((text, index) => ({ name: `${index}.yaml`, text }))).diagnostics;
const service = (spec: string): string =>
  `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: a }\nspec: { hosts: [a], http: [${spec}] }`;
const route = (fields: string): readonly Diagnostic[] =>
  load(service(`{ route: [{ destination: { host: a } }], ${fields} }`));

describe("resources as users have them today", () => {
  test("all load, and no file has an error", () => {
    const { diagnostics, resources } = loadResources(readdirSync(fixtures).map(fixture));

    expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(resources.virtualServices.map(({ name }) => name)).toEqual([
      "accounts-canary",
      "catalog-audience",
      "edge-orders",
      "payments-chaos",
    ]);
    expect(resources.destinationRules.map(({ name }) => name)).toEqual([
      "orders-rule",
      "payments-ejection",
      "everyone",
    ]);
  });

  test("circuitBreaker alone is read as outlierDetection, and each old spelling is named", () => {
    const { diagnostics, resources } = loadResources([fixture("orders-rule.yaml")]);

    expect(said(diagnostics)).toEqual([
      "1 info ENMESH_R013 DestinationRule/orders-rule apiVersion",
      "9 info ENMESH_R032 DestinationRule/orders-rule spec.trafficPolicy.loadBalancer.simple",
      "10 warning ENMESH_R031 DestinationRule/orders-rule spec.trafficPolicy.circuitBreaker",
      "11 warning ENMESH_R031 DestinationRule/orders-rule spec.trafficPolicy.circuitBreaker.consecutiveErrors",
    ]);
    expect(resources.destinationRules[0]?.trafficPolicy).toMatchObject({
      loadBalancer: { simple: "LEAST_REQUEST" },
      outlierDetection: {
        consecutiveGatewayErrors: 5,
        consecutive5xxErrors: 5,
        intervalMs: 30_000,
        baseEjectionTimeMs: 30_000,
        maxEjectionPercent: 50,
      },
    });
  });

  test("circuitBreaker beside outlierDetection is ignored whole, and its fields are listed", () => {
    const { diagnostics, resources } = loadResources([fixture("payments-ejection.yaml")]);

    expect(said(diagnostics)).toEqual([
      "1 info ENMESH_R013 DestinationRule/payments-ejection apiVersion",
      "8 warning ENMESH_R031 DestinationRule/payments-ejection spec.trafficPolicy.circuitBreaker",
      "12 info ENMESH_R046 DestinationRule/payments-ejection spec.trafficPolicy.outlierDetection",
      "14 warning ENMESH_R046 DestinationRule/payments-ejection spec.trafficPolicy.outlierDetection.consecutiveGatewayErrors",
    ]);
    expect(diagnostics[1]?.message).toContain("consecutive5xxErrors, consecutiveGatewayErrors, minHealthPercent");
    expect(resources.destinationRules[0]?.trafficPolicy?.outlierDetection).toMatchObject({
      consecutive5xxErrors: 3,
      minHealthPercent: 0,
    });
  });

  test("a rule for a gateway says so, and what it asks for is read as Istio reads it", () => {
    const { diagnostics, resources } = loadResources([fixture("edge-orders.yaml")]);

    expect(said(diagnostics)).toEqual([
      "1 info ENMESH_R013 VirtualService/edge-orders apiVersion",
      "7 info ENMESH_R045 VirtualService/edge-orders spec.gateways",
      "11 warning ENMESH_R030 VirtualService/edge-orders spec.http[0].fault",
      "13 info ENMESH_R048 VirtualService/edge-orders spec.http[0].fault.delay.percentage.value",
      "17 warning ENMESH_R044 VirtualService/edge-orders spec.http[0].retries.perTryTimeout",
      "19 info ENMESH_R046 VirtualService/edge-orders spec.http[0].route[0].destination.port",
      "21 info ENMESH_R046 VirtualService/edge-orders spec.http[0].route[1].destination.port",
    ]);
    expect(resources.virtualServices[0]).toMatchObject({
      isForMesh: false,
      http: [{ fault: { delay: { percent: 0.1, fixedDelayMs: 5_000 } } }],
    });
  });

  test("a service whose rules leave calls without a route is pointed out", () => {
    expect(said(loadResources([fixture("payments-chaos.yaml")]).diagnostics)).toContain(
      "8 warning ENMESH_R042 VirtualService/payments-chaos spec.http[0]",
    );
  });

  test("a wrong API group is read as the right one, and policies of later versions say that they are not enforced", () => {
    expect(said(loadResources([fixture("security.yaml")]).diagnostics)).toEqual([
      "2 warning ENMESH_R015 PeerAuthentication/everyone kind",
      "8 warning ENMESH_R014 DestinationRule/everyone apiVersion",
      "14 warning ENMESH_R030 DestinationRule/everyone spec.trafficPolicy.tls",
      "17 warning ENMESH_R015 RequestAuthentication/tokens kind",
      "24 warning ENMESH_R015 AuthorizationPolicy/tokens-only kind",
      "31 info ENMESH_R013 Gateway/edge apiVersion",
      "32 warning ENMESH_R015 Gateway/edge kind",
    ]);
  });

  test("what belongs to somebody else is skipped in one line each", () => {
    const { diagnostics } = loadResources([fixture("not-ours.yaml")]);

    expect(diagnostics.map(({ severity, code, message }) => `${severity} ${code} ${message}`)).toEqual([
      "info ENMESH_R012 PrometheusRule belongs to the Prometheus Operator, not to the mesh: skipped.",
      "info ENMESH_R012 ServiceMonitor belongs to the Prometheus Operator, not to the mesh: skipped.",
      "info ENMESH_R012 ConfigMap belongs to Kubernetes, not to the mesh: skipped.",
      "info ENMESH_R012 Deployment belongs to Kubernetes, not to the mesh: skipped.",
    ]);
  });
});

describe("the loader", () => {
  test("reports all problems of all files at once", () => {
    const broken = service(
      "{ route: [{ destination: { hots: a }, weight: -1 }], timeout: 5, match: [{ uri: { prefix: /, exact: / } }] }",
    );

    const diagnostics = load(broken, "a: [", "kind: VirtualService");

    expect(diagnostics.map(({ file, code, path }) => `${file} ${code} ${path}`)).toEqual([
      "0.yaml ENMESH_R022 spec.http[0].route[0].destination",
      "0.yaml ENMESH_R020 spec.http[0].route[0].destination.hots",
      "0.yaml ENMESH_R021 spec.http[0].route[0].weight",
      "0.yaml ENMESH_R021 spec.http[0].timeout",
      "0.yaml ENMESH_R023 spec.http[0].match[0].uri.prefix",
      "1.yaml ENMESH_R001 ",
      "2.yaml ENMESH_R010 ",
    ]);
  });

  test("suggests what an unknown field was meant to be", () => {
    expect(route("timout: 5s")).toMatchObject([
      { severity: "error", message: 'unknown field "timout". Did you mean "timeout"?' },
    ]);
  });

  test("reads snake_case with a warning, and not beside its modern form", () => {
    expect(route("retries: { attempts: 1, retry_on: 5xx }")).toMatchObject([
      { severity: "warning", code: "ENMESH_R024" },
    ]);
    expect(route("retries: { attempts: 1, retry_on: 5xx, retryOn: 5xx }")).toMatchObject([
      { severity: "error", code: "ENMESH_R002" },
    ]);
  });

  test("does not look at files of other names", () => {
    expect(loadResources([{ name: "dashboard.json", text: '{ "kind": "VirtualService" }' }]).diagnostics).toEqual([]);
  });

  test("reads what kubectl writes: a list, with metadata and status", () => {
    const text = `apiVersion: v1\nkind: List\nitems:\n- { apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: { name: a, uid: x, generation: 3 }, spec: { host: a }, status: {} }`;

    const { resources, diagnostics } = loadResources([{ name: "a.yaml", text }]);

    expect(diagnostics).toEqual([]);
    expect(resources.destinationRules).toHaveLength(1);
  });

  test("refuses a field called __proto__ like any unknown one", () => {
    expect(route("__proto__: { timeout: 1s }")).toMatchObject([{ code: "ENMESH_R020" }]);
    expect(route("constructor: { timeout: 1s }")).toMatchObject([{ code: "ENMESH_R020" }]);
  });

  test.each([
    ["a fault percentage beyond 100", "fault: { delay: { fixedDelay: 1s, percentage: { value: 101 } } }"],
    ["a fault percentage too small to be one", "fault: { delay: { fixedDelay: 1s, percentage: { value: 0.00001 } } }"],
    ["an abort with a status that is none", "fault: { abort: { httpStatus: 99, percentage: { value: 1 } } }"],
    ["a fault that does nothing", "fault: {}"],
    ["a timeout without a unit", "timeout: 5"],
    ["a timeout of nothing", "timeout: 0s"],
    ["a timeout in days", "timeout: 1d"],
    ["an unknown retry condition", "retries: { attempts: 1, retryOn: 5xxx }"],
    ["retry settings without attempts", "retries: { attempts: 0, perTryTimeout: 1s }"],
    ["a redirect beside a route", "redirect: { uri: / }"],
    ["mirror beside mirrors", "mirror: { host: a }, mirrors: []"],
    ["an empty prefix", 'match: [{ uri: { prefix: "" } }]'],
    ["an expression that is not RE2's", 'match: [{ uri: { regex: "(?=a)" } }]'],
    ["a bare true where text is needed", "match: [{ headers: { canary: { exact: true } } }]"],
    ["an empty match", "match: [{}]"],
    ["a list where a map is needed", "retries: []"],
  ])("refuses %s", (_, fields) => {
    expect(route(fields).filter(({ severity }) => severity === "error")).toHaveLength(1);
  });

  test.each([
    ["weights that add up to 0", "{ route: [{ destination: { host: a }, weight: 0 }, { destination: { host: b } }] }"],
    ["a route to nowhere", "{ match: [{ uri: { exact: / } }] }"],
    ["a destination that means many", '{ route: [{ destination: { host: "*.local" } }] }'],
  ])("refuses %s", (_, http) => {
    expect(load(service(http)).filter(({ severity }) => severity === "error")).toHaveLength(1);
  });

  test.each([
    ["* for calls between services", 'hosts: ["*"], http: []'],
    ["a wildcard in the middle", 'hosts: ["a.*.local"], http: []'],
    ["the same host twice", "hosts: [a, a.shop], http: []"],
  ])("refuses %s", (_, spec) => {
    const text = `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: a }\nspec: { ${spec} }`;

    expect(load(text).filter(({ severity }) => severity === "error")).toHaveLength(1);
  });

  test("names everything it knows and does not carry out", () => {
    const fields = [
      "rewrite: { uri: / }",
      "headers: {}",
      "corsPolicy: {}",
      "mirror: { host: b }",
      "fault: { abort: { httpStatus: 500, percentage: { value: 1 } } }",
    ];

    expect(
      route(fields.join(", "))
        .map(({ severity, code, path }) => `${severity} ${code} ${path}`)
        .toSorted(),
    ).toEqual([
      "warning ENMESH_R030 spec.http[0].corsPolicy",
      "warning ENMESH_R030 spec.http[0].fault",
      "warning ENMESH_R030 spec.http[0].headers",
      "warning ENMESH_R030 spec.http[0].mirror",
      "warning ENMESH_R030 spec.http[0].rewrite",
    ]);
  });

  test("says that a fault without percentage never happens", () => {
    expect(route("fault: { delay: { fixedDelay: 1s } }")).toContainEqual(
      expect.objectContaining({ code: "ENMESH_R046", severity: "warning" }),
    );
  });

  test("warns of a perTryTimeout that is not retried, and not of one that is", () => {
    const warned = (retryOn: string): boolean =>
      route(`retries: { attempts: 2, perTryTimeout: 1s${retryOn} }`).some(({ code }) => code === "ENMESH_R044");

    expect(warned("")).toBe(true);
    expect(warned(', retryOn: "connect-failure,503"')).toBe(true);
    for (const condition of ["5xx", "gateway-error", "reset"]) expect(warned(`, retryOn: "${condition}"`)).toBe(false);
  });

  test("warns of the second VirtualService for a host, and of routes behind a catch-all", () => {
    const second = service(
      "{ route: [{ destination: { host: a } }] }, { route: [{ destination: { host: b } }] }",
    ).replace("name: a", "name: b");

    expect(said(load(service("{ route: [{ destination: { host: a } }] }"), second))).toEqual([
      "4 warning ENMESH_R040 VirtualService/b spec.hosts[0]",
      "4 warning ENMESH_R043 VirtualService/b spec.http[1]",
    ]);
  });
});
