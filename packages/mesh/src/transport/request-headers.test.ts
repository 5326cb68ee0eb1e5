import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { find, flatten, type GivenHeaders, merge } from "./request-headers.ts";

describe("flatten", () => {
  test.each<[string, GivenHeaders, readonly string[]]>([
    ["nothing", undefined, []],
    ["a record", { a: "1", b: ["2", "3"], c: undefined }, ["a", "1", "b", "2", "b", "3"]],
    ["numbers", { "content-length": 5 }, ["content-length", "5"]],
    ["a flat list", ["a", "1", "a", "2"], ["a", "1", "a", "2"]],
    [
      "a list of pairs",
      [
        ["a", "1"],
        ["b", "2"],
      ],
      ["a", "1", "b", "2"],
    ],
    ["a Map", new Map([["a", "1"]]), ["a", "1"]],
    ["Headers", new Headers({ a: "1" }), ["a", "1"]],
  ])("takes %s", (_, given, flat) => {
    expect(flatten(given)).toEqual(flat);
  });

  test("takes a record's own names only", () => {
    const inherited = Object.create({ "x-evil": "1" }) as Record<string, string>;
    inherited["a"] = "1";

    expect(flatten(inherited)).toEqual(["a", "1"]);
  });

  test("refuses a flat list with a name that has no value", () => {
    expect(() => flatten(["a", "1", "b"])).toThrow(
      "ENMESH_BAD_REQUEST: a flat list of headers holds names and values in turn",
    );
  });
});

describe("find", () => {
  test("looks by name without case, and joins what came several times", () => {
    expect(find(["X-A", "1", "b", "2", "x-a", "3"], "x-a")).toBe("1, 3");
    expect(find(["a", "1"], "b")).toBeUndefined();
  });
});

describe("merge", () => {
  const constant = ["x-enmesh-source", "shop/web/v1"];

  test("adds host and what the mesh says, and keeps the rest in order", () => {
    expect(merge(["Accept", "a", "accept", "b"], ["traceparent", "t"], "orders:80", constant)).toEqual(
      "Accept a accept b host orders:80 x-enmesh-source shop/web/v1 traceparent t".split(" "),
    );
  });

  test("leaves a host that the caller set", () => {
    expect(merge(["Host", "shop.example"], [], "orders", [])).toEqual(["Host", "shop.example"]);
  });

  test("takes the caller's tracestate away together with its traceparent", () => {
    expect(merge(["tracestate", "a=1"], ["traceparent", "t"], "o", [])).toEqual(["host", "o", "traceparent", "t"]);
    expect(merge(["tracestate", "a=1"], [], "o", [])).toEqual(["tracestate", "a=1", "host", "o"]);
  });

  test("never sends a second traceparent or deadline, and nothing of the mesh that the caller made up", () => {
    const names = fc.constantFrom(
      "traceparent",
      "Traceparent",
      "x-enmesh-deadline-ms",
      "X-ENMESH-Source",
      "x-enmesh-other",
      "tracestate",
      "accept",
    );
    const given = fc.array(fc.tuple(names, fc.constant("forged"))).map((pairs) => pairs.flat());
    fc.assert(
      fc.property(given, (headers) => {
        const added = ["traceparent", "t", "x-enmesh-deadline-ms", "100"];

        const sent = merge(headers, added, "orders", constant);

        const forged = sent.filter((_, index) => sent[index + 1] === "forged").map((name) => name.toLowerCase());
        expect(forged.filter((name) => name !== "accept")).toEqual([]);
        expect(sent.filter((name) => name.toLowerCase() === "traceparent")).toHaveLength(1);
        expect(sent.filter((name) => name.toLowerCase() === "x-enmesh-deadline-ms")).toHaveLength(1);
      }),
    );
  });
});
