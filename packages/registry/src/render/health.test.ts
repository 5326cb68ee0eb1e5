import { createRuntime } from "@enmesh/core";
import { VirtualTime } from "@enmesh/core/simulation";
import fc from "fast-check";
import { expect, test } from "vitest";

import { Agent } from "../agent/agent.ts";
import { Store } from "../state/store.ts";
import { HealthTexts } from "./health.ts";
import { describeNode } from "./node.ts";

test("a text that is kept in parts is always the one that would be written anew", () => {
  const step = fc.record({
    what: fc.constantFrom("register", "beat", "fail", "deregister", "maintain", "node"),
    id: fc.constantFrom("a", "b", "c"),
    tag: fc.constantFrom("v1", "v2"),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const time = new VirtualTime();
      const store = new Store();
      const agent = new Agent(createRuntime({ clock: time, timers: time }), store);
      const node = describeNode("node", "dc1", "127.0.0.1");
      const texts = new HealthTexts(store, node);
      for (const { what, id, tag } of steps) {
        if (what === "register") agent.registerService(service(id, tag), [check(id)]);
        else if (what === "beat") agent.beat(`service:${id}`, "passing", tag);
        else if (what === "fail") agent.beat(`service:${id}`, "critical", tag);
        else if (what === "deregister") agent.deregisterService(id);
        else agent.setMaintenance(what === "node" ? "" : id, tag === "v1", "for a test");

        for (const [tags, onlyPassing] of [[[], false] as const, [["v1"], true] as const]) {
          const fresh = new HealthTexts(store, node).service("orders", tags, onlyPassing);
          expect(String(texts.service("orders", tags, onlyPassing))).toBe(String(fresh));
          expect(JSON.parse(String(fresh))).toEqual(
            JSON.parse(JSON.stringify(texts.entries("orders", tags, onlyPassing))),
          );
        }
      }
    }),
    { numRuns: 200 },
  );
});

function service(id: string, tag: string) {
  return {
    id,
    name: "orders",
    tags: [tag],
    address: "10.0.0.7",
    port: 8080,
    meta: { 'quote"d': 'a "b"' },
    taggedAddresses: null,
    weights: { Passing: 1, Warning: 1 },
    enableTagOverride: false,
  };
}

function check(id: string) {
  const common = { name: "beat", notes: "", type: "ttl", ttlMs: 10_000, deregisterAfterMs: 0 };
  return { ...common, id: `service:${id}`, status: "critical" as const };
}
