import { describe, expect, test } from "vitest";

import { anyone } from "../access/rights.ts";
import { makeFindCaller } from "../access/tokens.ts";
import { makeGate } from "./gate.ts";

const nothing = new URLSearchParams();
const operator = { name: "operator", rights: "admin" } as const;
const asksForSecret = makeFindCaller([{ ...operator, token: "secret" }]);

describe("without a token", () => {
  const gate = makeGate({ findCaller: undefined, hosts: ["registry.internal"] });

  test.each([
    "127.0.0.1:8500",
    "localhost:8500",
    "LOCALHOST",
    "[::1]:8500",
    "127.1.2.3",
    "registry.internal:8500",
    undefined,
  ])("a call to %s comes in", (host) => {
    expect(gate({ host }, nothing)).toBe(anyone);
  });

  test.each(["evil.example:8500", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.5:8500"])(
    "a call to %s does not: a page may have bent its name to us",
    (host) => {
      expect(gate({ host }, nothing)).toMatch(/Forbidden host/);
    },
  );
});

describe("a web page", () => {
  test.each([undefined, asksForSecret])("is kept out by its origin, with and without tokens", (findCaller) => {
    const gate = makeGate({ findCaller, hosts: [] });
    const headers = { host: "127.0.0.1:8500", "x-consul-token": "secret" };

    expect(gate({ ...headers, origin: "https://evil.example" }, nothing)).toBe("Forbidden origin");
    expect(gate({ ...headers, origin: "null" }, nothing)).toBe("Forbidden origin");
    expect(gate({ ...headers, origin: "http://127.0.0.1:8500" }, nothing)).toMatchObject({ rights: "admin" });
  });
});

describe("with a token", () => {
  const gate = makeGate({ findCaller: asksForSecret, hosts: [] });
  const host = "registry.example:8500";

  test.each([
    [{ host, "x-consul-token": "secret" }, ""],
    [{ host, authorization: "Bearer secret" }, ""],
    [{ host }, "token=secret"],
  ])("whoever brings it comes in (%j %s)", (headers, query) => {
    expect(gate(headers, new URLSearchParams(query))).toEqual(operator);
  });

  test.each([
    [{ host }, ""],
    [{ host, "x-consul-token": "wrong" }, ""],
    [{ host, "x-consul-token": "secrets" }, ""],
    [{ host, authorization: "Basic secret" }, ""],
    [{ host: "127.0.0.1" }, "token="],
  ])("others do not (%j %s)", (headers, query) => {
    expect(gate(headers, new URLSearchParams(query))).toBe("Permission denied");
  });
});
