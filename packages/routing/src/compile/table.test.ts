import { type Call, Destination, type Refusal, type Routing, seededRandom } from "@enmesh/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { isClean } from "../diagnostics/diagnostic.ts";
import { formatDiagnostics } from "../diagnostics/format.ts";
import { loadResources } from "../resources/load.ts";
import type { CallSource } from "./call-source.ts";
import { compile, type RouteTable } from "./table.ts";

interface Request {
  readonly service?: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const call = ({ service = "a", path = "/", method = "GET", headers = {} }: Request = {}): Call =>
  ({ service, path, method, header: (name: string) => headers[name] }) as unknown as Call;

const document = (kind: string, name: string, spec: string): string =>
  `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec: { ${spec} }\n`;
const virtualService = (spec: string, name = "rules"): string => document("VirtualService", name, spec);
const routes = (http: string): string => virtualService(`hosts: [a], http: [${http}]`);
const to = (host: string): string => `route: [{ destination: { host: ${host} } }]`;

function tableOf(
  texts: readonly string[],
  options: { source?: CallSource; asked?: string[]; seed?: number } = {},
): RouteTable {
  const files = texts.map((text, index) => ({ name: `${index}.yaml`, text }));
  const { resources, diagnostics } = loadResources(files, options.source);
  if (!isClean(diagnostics)) throw new Error(formatDiagnostics(diagnostics));
  return compile(resources, {
    random: seededRandom(options.seed ?? 7),
    source: options.source,
    destinationOf: (service, subset) => {
      options.asked?.push(subset === undefined ? service : `${service}|${subset}`);
      return new Destination(service, subset);
    },
  });
}

const answer = (table: RouteTable, request?: Request): string => told(table.route(call(request)));
const told = (found: Routing | Refusal): string =>
  found.type === "routing" ? found.destination.name : `${found.code} ${found.status}`;

describe("a service without rules", () => {
  test("is called as named, with the same prepared answer each time", () => {
    const asked: string[] = [];
    const table = tableOf([], { asked });

    const first = table.route(call());

    expect(first).toMatchObject({ type: "routing", destination: { name: "a" }, plan: { name: "default" } });
    expect(table.route(call({ path: "/other" }))).toBe(first);
    expect(asked).toEqual(["a"]);
  });

  test("costs no memory when somebody calls a million of them", () => {
    const table = tableOf([]);

    for (let index = 0; index < 20_000; index++) table.route(call({ service: `s${index}` }));

    expect(answer(table, { service: "s19999" })).toBe("s19999");
  });
});

describe("a route", () => {
  test("is the first one that matches; entries are alternatives, conditions of one entry all hold", () => {
    const table = tableOf([
      routes(
        `{ match: [{ method: { exact: POST }, uri: { prefix: /x } }, { headers: { vip: {} } }], ${to("b")} }, { ${to("c")} }`,
      ),
    ]);

    expect(answer(table, { method: "POST", path: "/x/1" })).toBe("b");
    expect(answer(table, { headers: { vip: "" } })).toBe("b");
    expect(answer(table, { path: "/x/1" })).toBe("c");
    expect(answer(table, { method: "post", path: "/x" })).toBe("c");
  });

  test("that is missing refuses the call, and says where to add one", () => {
    const table = tableOf([routes(`{ match: [{ uri: { exact: /x } }], ${to("b")} }`)]);

    const found = table.route(call());

    expect(found).toMatchObject({ type: "refusal", code: "ENMESH_NO_ROUTE", status: 404, retryable: false });
    expect((found as Refusal).message).toContain("rules (0.yaml:1:1)");
    expect(table.route(call())).toBe(found);
  });

  test("has a name, a place, a timeout and retries", () => {
    const table = tableOf([
      routes(
        `{ match: [{ uri: { exact: /x } }], timeout: 1m30s, retries: { attempts: 2, perTryTimeout: 250ms, retryOn: "reset, 503" }, ${to("b")} }, { name: rest, ${to("c")} }`,
      ),
    ]);

    expect(table.route(call({ path: "/x" }))).toMatchObject({
      plan: {
        name: "rules/route[0]",
        source: "0.yaml:4:28",
        timeoutMs: 90_000,
        retry: {
          maxAttempts: 3,
          perTryTimeoutMs: 250,
          conditions: new Set(["reset", "retriable-status-codes"]),
          statusCodes: new Set([503]),
        },
      },
    });
    expect(table.route(call())).toMatchObject({ plan: { name: "rules/rest", timeoutMs: undefined, retry: undefined } });
  });

  test("that asks for retries without saying on what does not repeat a 503", () => {
    const table = tableOf([routes(`{ retries: { attempts: 3 }, ${to("b")} }`)]);

    const { retry } = (table.route(call()) as Routing).plan;

    expect([...(retry?.conditions ?? [])]).toEqual([
      "connect-failure",
      "refused-stream",
      "unavailable",
      "cancelled",
      "retriable-status-codes",
    ]);
    expect(retry?.statusCodes?.size).toBe(0);
  });

  test("without attempts is tried once", () => {
    expect(tableOf([routes(`{ retries: { attempts: 0 }, ${to("b")} }`)]).route(call())).toMatchObject({
      plan: { retry: { maxAttempts: 1 } },
    });
  });

  test("that answers by itself, which is not carried out, refuses rather than falling through", () => {
    expect(answer(tableOf([routes(`{ redirect: { uri: /y } }, { ${to("b")} }`)]))).toBe("ENMESH_NO_ROUTE 501");
  });

  test("behind a name of its match carries both names", () => {
    const table = tableOf([
      routes(`{ name: r, match: [{ name: m, uri: { exact: /x } }], ${to("b")} }, { ${to("c")} }`),
    ]);

    expect(table.route(call({ path: "/x" }))).toMatchObject({ plan: { name: "rules/r.m" } });
  });
});

describe("weights", () => {
  const split = (weights: readonly (number | undefined)[]): string =>
    routes(
      `{ route: [${weights.map((weight, index) => `{ destination: { host: s${index} }${weight === undefined ? "" : `, weight: ${weight}`} }`).join(", ")}] }`,
    );
  const picked = (table: RouteTable): string[] => [...new Set(Array.from({ length: 20 }, () => answer(table)))];

  test("share the calls by their sum, whatever it is; without weight there is no share", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 2, maxLength: 5 }),
        fc.integer(),
        (weights, seed) => {
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          fc.pre(total > 0);
          const table = tableOf([split(weights)], { seed });
          const count = 4_000;
          const seen = new Map<string, number>();
          for (let index = 0; index < count; index++) {
            const name = answer(table);
            seen.set(name, (seen.get(name) ?? 0) + 1);
          }
          for (const [index, weight] of weights.entries()) {
            const share = weight / total;
            // Five standard deviations: one run in a million lies beyond.
            const tolerance = 5 * Math.sqrt((share * (1 - share)) / count);
            const measured = (seen.get(`s${index}`) ?? 0) / count;
            if (weight === 0) expect(measured).toBe(0);
            expect(Math.abs(measured - share)).toBeLessThanOrEqual(tolerance);
          }
        },
      ),
      { numRuns: 50, seed: 1 },
    );
  });

  test("of a single destination do not count", () => {
    expect(picked(tableOf([split([0])]))).toEqual(["s0"]);
  });

  test("need not be written for all", () => {
    expect(picked(tableOf([split([undefined, 1])]))).toEqual(["s1"]);
  });
});

describe("a subset", () => {
  const rule = document("DestinationRule", "dr", "host: a, subsets: [{ name: v1, labels: { version: v1 } }]");
  const toSubset = (subset: string): string =>
    routes(`{ route: [{ destination: { host: a.shop, subset: ${subset} } }] }`);

  test("is asked for once, with its labels", () => {
    const labels: unknown[] = [];
    const { resources } = loadResources([
      {
        name: "a.yaml",
        text: `${rule}---\n${routes("{ match: [{ uri: { exact: /x } }], route: [{ destination: { host: a, subset: v1 } }] }, { route: [{ destination: { host: a, subset: v1 } }] }")}`,
      },
    ]);

    const table = compile(resources, {
      random: () => 0,
      destinationOf: (service, subset, found) => {
        labels.push(found);
        return new Destination(service, subset);
      },
    });

    expect(labels).toEqual([{ version: "v1" }]);
    expect(answer(table)).toBe("a|v1");
    expect([...table.subsets("a").keys()]).toEqual(["v1"]);
  });

  test("that nobody defines refuses the call and names the place", () => {
    const found = tableOf([rule, toSubset("v2")]).route(call());

    expect(found).toMatchObject({ code: "ENMESH_SUBSET_MISSING", status: 503 });
    expect((found as Refusal).message).toBe(
      '1.yaml:4:38: no DestinationRule for "a" defines the subset "v2"; add it there',
    );
  });
});

describe("hosts", () => {
  test("name a service in any of its forms", () => {
    expect(answer(tableOf([virtualService(`hosts: [a.shop.svc.cluster.local], http: [{ ${to("b.shop")} }]`)]))).toBe(
      "b",
    );
  });

  test("of two VirtualServices belong to the first by file name, then by place in the file", () => {
    const first = virtualService(`hosts: [a], http: [{ ${to("first")} }]`, "z");
    const second = virtualService(`hosts: [a, b], http: [{ ${to("second")} }]`, "y");

    expect(answer(tableOf([first, second]))).toBe("first");
    expect(answer(tableOf([`${second}---\n${first}`]))).toBe("second");
    expect(answer(tableOf([first, second]), { service: "b" })).toBe("second");
  });

  test("with a wildcard take what no exact host takes, the longest first", () => {
    const table = tableOf([
      virtualService(`hosts: ["*.local"], http: [{ ${to("all")} }]`, "w"),
      virtualService(`hosts: ["*.svc.cluster.local"], http: [{ ${to("longer")} }]`, "l"),
      virtualService(`hosts: [a], http: [{ ${to("exact")} }]`, "e"),
    ]);

    expect(answer(table)).toBe("exact");
    expect(answer(table, { service: "b" })).toBe("longer");
    expect(answer(table, { service: "api.example.com" })).toBe("api.example.com");
  });

  test("of a VirtualService for a gateway are called as if it were not there", () => {
    expect(answer(tableOf([virtualService(`hosts: [a], gateways: [edge], http: [{ ${to("b")} }]`)]))).toBe("a");
    expect(answer(tableOf([virtualService(`hosts: [a], gateways: [edge, mesh], http: [{ ${to("b")} }]`)]))).toBe("b");
  });

  test("whose routes are all about other callers are called as if there were none", () => {
    expect(answer(tableOf([routes(`{ match: [{ gateways: [edge] }], ${to("b")} }`)]))).toBe("a");
  });
});
