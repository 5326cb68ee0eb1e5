import { describe, expect, test } from "vitest";

import { readService } from "./service-rules.ts";
import { serviceSpec } from "./service-spec.ts";

const read = (body: object): ReturnType<typeof readService> => readService(serviceSpec(body, ""));

describe("a registration", () => {
  test("has an id after its name, weights of one, and its IPv4 address twice more", () => {
    const { service } = read({ name: "orders", address: "10.0.0.1", port: 80 });

    const own = { Address: "10.0.0.1", Port: 80 };
    expect(service).toMatchObject({
      id: "orders",
      weights: { Passing: 1, Warning: 1 },
      taggedAddresses: { lan_ipv4: own, wan_ipv4: own },
    });
  });

  test("names its checks after its id, and numbers several", () => {
    const one = read({ Name: "orders", ID: "orders-1", Check: { TTL: "1s" } }).checks;
    const two = read({
      Name: "orders",
      ID: "orders-1",
      Checks: [{ TTL: "1s" }, { TTL: "2s", CheckID: "own", Name: "Own" }],
    }).checks;

    expect(one).toMatchObject([
      { id: "service:orders-1", name: "Service 'orders' check", ttlMs: 1_000, status: "critical" },
    ]);
    expect(two).toMatchObject([{ id: "service:orders-1:1" }, { id: "own", name: "Own", ttlMs: 2_000 }]);
  });

  test("with an empty check has none", () => {
    expect(read({ Name: "orders", Check: {} }).checks).toEqual([]);
  });

  test.each([
    [{}, 400, "Missing service name"],
    [{ Name: "x", Address: "::" }, 400, "Invalid service address"],
    [{ Name: "x", Kind: "connect-proxy" }, 400, 'Invalid service kind "connect-proxy": this registry lists services'],
    [
      { Name: "x", Weights: { Passing: 1, Warning: -1 } },
      400,
      "Invalid Weights: Warning must be greater or equal than 0",
    ],
    [{ Name: "x", Meta: { k: "v".repeat(513) } }, 400, "Value is too long (limit: 512 characters)"],
    [
      { Name: "x", Meta: Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`k${at}`, ""])) },
      400,
      "cannot contain more than 64",
    ],
    [
      { Name: "x", Check: { UDP: "a:1", Interval: "1s" } },
      400,
      "this registry runs no UDP checks; give the check a TTL",
    ],
    [{ Name: "x", ID: "\u0000ext\u0000x" }, 400, "Invalid ID"],
    [{ Name: "x", Check: { TTL: "1s", CheckID: "\u0000ext\u0000x" } }, 400, "Invalid ID"],
    [{ Name: "x", Check: { AliasNode: "y" } }, 400, "this registry runs no node alias checks"],
    [{ Name: "x", Check: { TTL: "1s", Status: "up" } }, 400, "Status for checks must 'passing', 'warning', 'critical'"],
    [{ Name: "x", Check: { Args: ["sh"], Interval: "1s" } }, 500, "Scripts are disabled on this agent"],
  ])("such as %j is refused", (body, status, message) => {
    expect(() => read(body)).toThrow(
      expect.objectContaining({ status, message: expect.stringContaining(message) as string }) as Error,
    );
  });
});
