import { type Call, Destination } from "@enmesh/core";
import { describe, expect, test } from "vitest";

import { loadResources } from "../resources/load.ts";
import type { CallSource } from "./call-source.ts";
import { compile } from "./table.ts";

interface Request {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Whether a call is taken by a route with this match. */
function matched(match: string, { path = "/", headers = {} }: Request, source?: CallSource): boolean {
  const http = `[{ match: [{ ${match} }], route: [{ destination: { host: yes-it-is } }] }, { route: [{ destination: { host: no } }] }]`;
  const text = `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: r }\nspec: { hosts: [a], http: ${http} }\n`;
  const { resources } = loadResources([{ name: "a.yaml", text }], source);
  const table = compile(resources, { random: () => 0, source, destinationOf: (service) => new Destination(service) });
  const call = { service: "a", path, method: "GET", header: (name: string) => headers[name] } as unknown as Call;
  const found = table.route(call);
  return found.type === "routing" && found.destination.name === "yes-it-is";
}

describe("a condition", () => {
  test.each<[string, string, boolean]>([
    ["uri: { prefix: /api/orders }", "/api/orders-v2", true],
    ["uri: { prefix: /api/orders }", "/api/order", false],
    ["uri: { prefix: /api/orders }", "/API/orders", false],
    ["uri: { prefix: /api/orders }, ignoreUriCase: true", "/API/Orders/7", true],
    ['uri: { prefix: "/a?b" }', "/a?b", false],
    ["uri: { exact: /a }", "/a?b=c", true],
    ["uri: { exact: /a }", "/a/", false],
    ["uri: { exact: /a }, ignoreUriCase: true", "/A", true],
    ['uri: { regex: "/v[0-9]+" }', "/v12?x=1", true],
    ['uri: { regex: "/v[0-9]+" }', "/v12/more", false],
    ['uri: { regex: "/a" }, ignoreUriCase: true', "/A", false],
    ["queryParams: { page: { exact: '2' } }", "/?size=1&page=2", true],
    ["queryParams: { page: { exact: '2' } }", "/?pages=2", false],
    ["queryParams: { page: { exact: '2' } }", "/page=2", false],
    ["queryParams: { page: { exact: '' } }", "/?page", true],
    ["queryParams: { page: { exact: '' } }", "/?page=", true],
    ["queryParams: { page: {} }", "/?page=9&page=2", true],
    ["queryParams: { page: { exact: '2' } }", "/?page=9&page=2", false],
    ["queryParams: { page: { prefix: '2' } }", "/?a&&page=23", true],
  ])("%s on %s", (match, path, expected) => {
    expect(matched(match, { path })).toBe(expected);
  });

  test.each<[string, Readonly<Record<string, string>>, boolean]>([
    ["headers: { X-User: { exact: ann } }", { "x-user": "ann" }, true],
    ["headers: { x-user: { exact: ann } }", { "x-user": "Ann" }, false],
    ["headers: { x-user: { prefix: a } }", { "x-user": "ann" }, true],
    ['headers: { x-user: { regex: "a.*" } }', { "x-user": "ann" }, true],
    ['headers: { x-user: { regex: "n.*" } }', { "x-user": "ann" }, false],
    ["headers: { x-user: {} }", { "x-user": "" }, true],
    ['headers: { x-user: { regex: "*" } }', { "x-user": "ann" }, true],
    ["headers: { x-user: {} }", {}, false],
    ["headers: { x-user: { exact: '' } }", {}, false],
    ["withoutHeaders: { x-user: { exact: ann } }", {}, true],
    ["withoutHeaders: { x-user: { exact: ann } }", { "x-user": "ann" }, false],
    ["withoutHeaders: { x-user: { exact: ann } }", { "x-user": "bob" }, true],
    ["withoutHeaders: { x-user: {} }", { "x-user": "bob" }, false],
    ["withoutHeaders: { x-user: {} }", {}, true],
  ])("%s on %o", (match, headers, expected) => {
    expect(matched(match, { headers })).toBe(expected);
  });

  test("that cannot be judged here never holds", () => {
    expect(matched("authority: { exact: a }", {})).toBe(false);
    expect(
      matched('headers: { "@request.auth.claims.group": { exact: dev } }', {
        headers: { "@request.auth.claims.group": "dev" },
      }),
    ).toBe(false);
  });

  test("about the caller is judged by who calls, unless gateways are named", () => {
    const web = { labels: { app: "web" } };

    expect(matched("sourceLabels: { app: web }", {}, web)).toBe(true);
    expect(matched("sourceLabels: { app: other }", {}, web)).toBe(false);
    expect(matched("sourceLabels: { app: web }", {})).toBe(false);
    expect(matched("gateways: [mesh], sourceLabels: { app: other }", {}, web)).toBe(true);
    expect(matched("gateways: [edge]", {}, web)).toBe(false);
  });
});

test("no expression, however evil, holds up a call", () => {
  const started = performance.now();

  expect(matched('uri: { regex: "(/a*)*b" }', { path: `/${"a".repeat(16_000)}` })).toBe(false);
  expect(matched('headers: { x: { regex: "(x+x+)+y" } }', { headers: { x: "x".repeat(16_000) } })).toBe(false);
  expect(performance.now() - started).toBeLessThan(1_000);
});
