import { describe, expect, test } from "vitest";

import { instanceOf, ScriptedRegistrar, world } from "./scripted/fakes.ts";
import { checkRegistration } from "./registration-options.ts";

describe("a registration's options", () => {
  test.each([
    ["a label that no registry takes", { labels: { "app.kubernetes.io/name": "x" } }],
    ["a label with a field's name", { labels: { zone: "a" } }],
    ["a label that is too long", { labels: { text: "x".repeat(513) } }],
    ["two versions", { version: "v1", labels: { version: "v2" } }],
    ["a service that is no host name", { service: "my orders" }],
    ["an id with a slash", { id: "a/b" }],
    ["no port", { port: 0 }],
    ["an unspecified address", { address: "0.0.0.0" }],
    ["a negative weight", { weight: -1 }],
    ["too many labels", { labels: Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`l${at}`, "x"])) }],
  ])("refuse %s", (_what, changes) => {
    expect(checking(changes)).toThrow(expect.objectContaining({ code: "ENMESH_OPTION_INVALID" }));
  });

  test("refuse a lease that ends with the first lost heartbeat, and name both times", () => {
    expect(checking({}, { heartbeatMs: "10s" })).toThrow(
      /ttlMs: must be at least twice heartbeatMs \(10000\), got 15000/,
    );
  });
});

function checking(changes: object, times: object = {}): () => unknown {
  const { runtime } = world();
  return () =>
    checkRegistration({
      registrar: new ScriptedRegistrar(),
      instance: { ...instanceOf("a"), ...changes },
      runtime,
      ...times,
    });
}
