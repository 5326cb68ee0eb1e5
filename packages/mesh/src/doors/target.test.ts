import { MeshError } from "@enmesh/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { targetOf } from "./target.ts";

/** What the WHATWG parser makes of it, or undefined where we refuse. */
function reference(text: string): object | undefined {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol) || url.username !== "" || url.password !== "")
    return undefined;
  return { protocol: url.protocol, authority: url.host, path: url.pathname + url.search };
}

function ours(text: string): object | undefined {
  try {
    return targetOf(text);
  } catch (error) {
    expect(error).toBeInstanceOf(MeshError);
    expect((error as MeshError).code).toBe("ENMESH_BAD_REQUEST");
    return undefined;
  }
}

/** Texts that look like URLs, down to the parts where parsers disagree. */
const piece = fc.constantFrom(
  ..."aZ09-_.~%:@/?#[]!$&'()*+,;=|^`{}\"<>\\ \t\n\r\0é".split(""),
  "..",
  "%2e",
  "%2E%2e",
  "%00",
  "//",
  "xn--",
  "80",
  "443",
  "65536",
  "0x7f",
  "127.1",
  "orders",
  "/./",
  "\u2028",
  "ß",
  "．",
);
const urlLike = fc
  .tuple(fc.constantFrom("http://", "https://", "HTTP://", "http:/", "ftp://"), fc.array(piece, { maxLength: 9 }))
  .map(([scheme, pieces]) => scheme + pieces.join(""));

describe("targetOf", () => {
  test.each([
    ["http://orders", "orders", "/"],
    ["http://orders/list?a=1&b=%20", "orders", "/list?a=1&b=%20"],
    ["http://Orders.Shop.svc.cluster.local:8080/x", "orders.shop.svc.cluster.local:8080", "/x"],
    ["http://orders:80/", "orders", "/"],
    ["http://orders/a/../b", "orders", "/b"],
    ["http://orders/%2e%2e/b", "orders", "/b"],
    ["http://orders/ü", "orders", "/%C3%BC"],
    ["http://orders/a#part", "orders", "/a"],
    ["http://orders?q", "orders", "/?q"],
    ["http://0x7f.1/", "127.0.0.1", "/"],
    ["http://[::1]:3000/x", "[::1]:3000", "/x"],
  ])("reads %s", (url, authority, path) => {
    expect(targetOf(url)).toEqual({ protocol: "http:", authority, path });
    expect(targetOf(new URL(url))).toEqual({ protocol: "http:", authority, path });
  });

  test("always says what the WHATWG parser says, or refuses", () => {
    fc.assert(
      fc.property(fc.oneof(urlLike, fc.webUrl({ withQueryParameters: true, withFragments: true })), (text) => {
        const mine = ours(text);
        if (mine !== undefined) expect(mine).toEqual(reference(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test("never refuses a plain URL", () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), (text) => {
        expect(ours(text)).toEqual(reference(text));
      }),
    );
  });

  test("never lets a control character through", () => {
    fc.assert(
      fc.property(urlLike, (text) => {
        expect(JSON.stringify(ours(text) ?? {})).not.toMatch(/\\[rnt]|\\u00[01]/);
      }),
    );
    for (const evil of ["\r\n", "\n", "\r", "\0", "\t", "\x7f"]) {
      expect(() => targetOf(`http://orders/a${evil}X-Evil:%201`)).toThrow("ENMESH_BAD_REQUEST");
      expect(() => targetOf(`http://ord${evil}ers/`)).toThrow("ENMESH_BAD_REQUEST");
    }
  });

  test.each([
    ["orders/list", '"orders/list" is not a URL; write it with its service name as host: "http://orders/list"'],
    ["ftp://orders/", "ftp:// cannot be called; http:// and https:// can"],
    ["http://me:secret@orders/", "a URL must not carry a user name or password; send an authorization header"],
  ])("refuses %s and says how to write it", (url, message) => {
    expect(() => targetOf(url)).toThrow(message);
  });

  test("takes time in proportion to the length of its URL", () => {
    const long = `http://${"a.".repeat(20_000)}!/${"/a%2".repeat(20_000)}`;

    const before = performance.now();
    ours(long);

    expect(performance.now() - before).toBeLessThan(200);
  });
});
