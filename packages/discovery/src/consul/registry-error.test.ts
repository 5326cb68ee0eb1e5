import { expect, test } from "vitest";

import { registryError } from "./registry-error.ts";

const failed = (parts: object): Error => Object.assign(new Error("failed"), parts);

test.each([
  [
    "no answer",
    failed({ message: "connect ECONNREFUSED" }),
    "UNREACHABLE",
    "cannot be reached: connect ECONNREFUSED; start it",
  ],
  [
    "several addresses",
    new AggregateError([new Error("connect ECONNREFUSED ::1")], ""),
    "UNREACHABLE",
    "connect ECONNREFUSED ::1",
  ],
  [
    "no leader",
    failed({ response: { statusCode: 500, body: "No cluster leader" } }),
    "UNREACHABLE",
    "answered 500 (No cluster leader); it runs",
  ],
  ["too many", failed({ response: { statusCode: 429 } }), "UNREACHABLE", "answered 429; it runs"],
  [
    "no right",
    failed({ response: { statusCode: 403, body: Buffer.from("ACL not found") } }),
    "REFUSED",
    "answered 403 (ACL not found); give a token",
  ],
  [
    "no such path",
    failed({ response: { statusCode: 404 } }),
    "REFUSED",
    "answered 404; check that this url is a registry",
  ],
  ["no JSON", failed({ isCodec: true, response: { statusCode: 200 } }), "REFUSED", "is not JSON; check that this url"],
])("%s is told with its remedy", (_what, error, code, message) => {
  const found = registryError("registry http://r", error);

  expect(found.code).toBe(`ENMESH_REGISTRY_${code}`);
  expect(found.message).toContain("registry http://r");
  expect(found.message).toContain(message);
});

test("the original stands behind the error, unless it carries the request with its token", () => {
  const bare = failed({ code: "ECONNRESET" });
  const laden = failed({ response: { statusCode: 200, req: { token: "secret" } } });

  expect(registryError("r", bare).cause).toBe(bare);
  expect(registryError("r", laden).cause).toBeUndefined();
});
