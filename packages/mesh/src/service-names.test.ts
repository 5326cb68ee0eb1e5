import { describe, expect, test } from "vitest";
import { createServiceNames } from "./service-names.ts";

type Known = Parameters<typeof createServiceNames>[0];

function names(
  known: ReadonlySet<string> | undefined,
  ruled: readonly string[] = [],
): (authority: string) => string | undefined {
  const directory = { isKnown: (name: string) => known?.has(name) } as Known;
  return createServiceNames(directory, { handles: (host) => ruled.includes(host) }, "shop");
}

describe("the service that a host means", () => {
  test.each(["orders", "orders:3000", "orders.shop", "orders.shop.svc.cluster.local:80"])(
    "is orders for %s",
    (authority) => {
      expect(names(new Set(["orders"]))(authority)).toBe("orders");
    },
  );

  test("is none for what neither discovery nor a rule knows", () => {
    const serviceOf = names(new Set(["orders"]), ["shop.example.com"]);

    for (const host of ["example.com", "orders.com", "orders.billing"]) expect(serviceOf(host)).toBeUndefined();
    expect(serviceOf("127.0.0.1:3000")).toBeUndefined();
    expect(serviceOf("shop.example.com:80")).toBe("shop.example.com");
  });

  test("is guessed for a single word while discovery is silent, but never for localhost", () => {
    const serviceOf = names(undefined);

    expect(serviceOf("orders:80")).toBe("orders");
    expect(serviceOf("localhost:9200")).toBeUndefined();
    expect(serviceOf("example.com")).toBeUndefined();
  });

  test("stays the same when discovery forgets it, and is found as soon as discovery learns it", () => {
    const known = new Set<string>();
    const serviceOf = names(known);
    expect(serviceOf("orders")).toBeUndefined();

    known.add("orders");
    expect(serviceOf("orders")).toBe("orders");

    known.clear();
    expect(serviceOf("orders")).toBe("orders");
  });

  test("is remembered for a bounded number of spellings only, and found for all", () => {
    const serviceOf = names(new Set(["orders"]));

    for (let port = 1; port <= 3_000; port++) expect(serviceOf(`orders:${port}`)).toBe("orders");
  });
});
