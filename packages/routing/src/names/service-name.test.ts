import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { hostPattern, meansService } from "./host-pattern.ts";
import { serviceNameOf } from "./service-name.ts";

describe("a service name", () => {
  test.each([
    "orders",
    "Orders",
    "orders.",
    "orders:8080",
    "orders.shop",
    "orders.shop.svc",
    "ORDERS.shop.svc.cluster.local",
    "orders.shop.svc.cluster.local.",
    "orders.shop.svc.cluster.local:80",
    "orders.shop.svc.cluster.local.:80",
  ])("is the same however it is written: %s", (host) => {
    expect(serviceNameOf(host)).toBe("orders");
  });

  test.each([
    ["API.Example.com:443", "api.example.com"],
    ["10.0.0.7:8080", "10.0.0.7"],
    ["127.1", "127.1"],
    ["[::1]:8080", "[::1]"],
    ["::1", "::1"],
    ["*.shop.svc.cluster.local", "*.shop.svc.cluster.local"],
    ["a.b.c.svc.cluster.local", "a.b.c.svc.cluster.local"],
    ["orders.shop.svc.other.domain", "orders.shop.svc.other.domain"],
    ["", ""],
  ])("leaves what is no service: %s", (host, name) => {
    expect(serviceNameOf(host)).toBe(name);
  });

  test("with the namespaces known, example.com is no service", () => {
    const namespaces = new Set(["shop"]);

    expect(serviceNameOf("orders.shop", { namespaces })).toBe("orders");
    expect(serviceNameOf("example.com", { namespaces })).toBe("example.com");
  });

  test("follows another cluster domain", () => {
    expect(serviceNameOf("orders.shop.svc.mesh.internal", { domain: "mesh.internal" })).toBe("orders");
  });

  test("never changes when asked again", { timeout: 60_000 }, () => {
    const parts = fc.constantFrom("a", "B", ".", ":", "80", "svc", ".svc.cluster.local", "[", "]", "*", "-", "İ");
    const hosts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(parts, { maxLength: 12 }).map((all) => all.join("")),
    );

    fc.assert(
      fc.property(hosts, (host) => serviceNameOf(serviceNameOf(host)) === serviceNameOf(host)),
      { numRuns: 5_000 },
    );
  });
});

test("a wildcard means a service by the end of its full name, and never the bare name itself", () => {
  const means = (host: string, service: string): boolean => meansService(hostPattern(host), service);

  expect(means("*", "orders")).toBe(true);
  expect(means("*.local", "orders")).toBe(true);
  expect(means("*.shop.svc.cluster.local", "orders")).toBe(true);
  expect(means("*.example.com", "orders")).toBe(false);
  expect(means("*.com", "orders")).toBe(false);
  expect(means("*.example.com", "api.example.com")).toBe(true);
  expect(means("*.example.com", "example.com")).toBe(false);
});
