import { isIPv4 } from "node:net";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { refuseUnclaimable, whyNotClaimable } from "./claimable-address.ts";

describe("an address", () => {
  test.each([
    "10.0.0.7",
    "127.0.0.1",
    "192.168.1.20",
    "fd12:3456::1",
    "::1",
    "::ffff:10.0.0.7",
    "orders.internal",
    "orders_1.shop",
    "xn--bcher-kva.example",
    "localhost",
  ])("%s may be claimed", (address) => {
    expect(whyNotClaimable(address)).toBeUndefined();
  });

  test.each([
    "169.254.169.254",
    "169.254.0.1",
    "::ffff:a9fe:a9fe",
    "::ffff:169.254.169.254",
    "0:0:0:0:0:ffff:a9fe:a9fe",
    "0.0.0.0",
    "::",
    "255.255.255.255",
    "224.0.0.1",
    "fe80::1",
    "ff02::1",
    "fd00:ec2::254",
    "metadata.google.internal",
    "METADATA.google.internal.",
  ])("%s is nobody's to claim", (address) => {
    expect(whyNotClaimable(address)).toMatch(/nobody's to claim/);
  });

  test.each(["0x7f.1", "2130706433", "0177.0.0.1", "127.1", "0xa9fea9fe", "2852039166", "169.254.43518"])(
    "%s is an address in disguise",
    (address) => {
      expect(whyNotClaimable(address)).toMatch(/in disguise/);
    },
  );

  test.each([
    "host#@evil",
    "user@host",
    "user:pw@host",
    "host/path",
    "host:80",
    "host?x",
    "unix:/tmp/socket",
    "file:///etc/passwd",
    "a\0b",
    "a b",
    "a\r\nb",
    "[::1]",
    "fe80::1%eth0",
    "169。254。169。254",
    "①②⑦.0.0.1",
    "a%2eb",
    "x".repeat(300),
  ])("%j is none", (address) => {
    expect(whyNotClaimable(address)).toBeDefined();
  });

  test("that may be claimed is called under that very name: no URL reads it as another, none leads to a forbidden one", () => {
    const part = fc.oneof(
      fc.constantFrom(
        "169",
        "254",
        "0xa9",
        "0xfe",
        "0251",
        "0376",
        ".",
        "..",
        ":",
        "::ffff:",
        "a9fe",
        "@",
        "#",
        "/",
        "%",
        "\\",
      ),
      fc.string({ minLength: 1, maxLength: 3, unit: "binary" }),
      fc.nat().map(String),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => {
        const address = parts.join("");
        if (whyNotClaimable(address) !== undefined) return;
        const url = new URL(`http://${address.includes(":") ? `[${address}]` : address}:8080/`);
        expect([url.username, url.port, url.pathname]).toEqual(["", "8080", "/"]);
        expect(url.hostname.startsWith("169.254.")).toBe(false);
        if (isIPv4(url.hostname)) expect(url.hostname).toBe(address);
      }),
      { numRuns: 5_000 },
    );
  });
});

test.each([-1, 65_536, 1.5, Number.NaN])("port %d is refused", (port) => {
  expect(() => refuseUnclaimable("10.0.0.7", port)).toThrow(/Invalid service port/);
});
