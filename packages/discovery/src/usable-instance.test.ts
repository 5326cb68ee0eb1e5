import { describe, expect, test } from "vitest";

import { idsOf, instanceOf, scriptedDirectory } from "./scripted/fakes.ts";

describe("malformed instances", () => {
  test.each([
    ["port 0", { port: 0 }],
    ["port 65536", { port: 65_536 }],
    ["no port", { port: Number.NaN }],
    ["an empty address", { address: "" }],
    ["the metadata address", { address: "169.254.169.254" }],
    ["the metadata address inside IPv6", { address: "::ffff:169.254.169.254" }],
    ["the metadata address as a number", { address: "2852039166" }],
    ["a loopback address as a number", { address: "2130706433" }],
    ["a loopback address in hexadecimal", { address: "0x7f.1" }],
    ["an unspecified address", { address: "0.0.0.0" }],
    ["an IPv6 link-local address", { address: "fe80::1" }],
    ["a NUL", { address: "127.0.0.1\0.example" }],
    ["credentials", { address: "user@10.0.0.1" }],
    ["a port in the address", { address: "10.0.0.1:80" }],
    ["a path in the address", { address: "10.0.0.1/admin" }],
    ["a line break", { address: "10.0.0.1\r\nhost: x" }],
    ["an empty id", { id: "" }],
  ])("%s costs only its own instance, and is reported once", (_what, changes) => {
    const { source, directory, typesOf } = scriptedDirectory();
    directory.view("orders");

    source.answer("orders", instanceOf("good"), instanceOf("bad", changes));
    source.answer("orders", instanceOf("good"), instanceOf("bad", changes));

    expect(idsOf(directory)).toEqual(["good"]);
    expect(typesOf("discovery.instance_dropped")).toHaveLength(1);
  });

  test("an answer with nothing but malformed instances counts as empty", () => {
    const { source, directory } = scriptedDirectory();
    directory.view("orders");
    source.answer("orders", instanceOf("a"));

    source.answer("orders", instanceOf("bad", { port: 0 }));

    expect(idsOf(directory)).toEqual(["a"]);
  });

  test.each(["10.0.0.7", "::1", "2001:db8::1", "orders.internal", "localhost", "orders_1"])(
    "%s is a fine address",
    (address) => {
      const { source, directory } = scriptedDirectory();
      directory.view("orders");

      source.answer("orders", instanceOf("a", { address }));

      expect(idsOf(directory)).toEqual(["a"]);
    },
  );
});
