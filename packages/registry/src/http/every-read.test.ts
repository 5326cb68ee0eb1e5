import fc from "fast-check";
import { expect, test } from "vitest";

import { routesWorld } from "../../test/routes-world.ts";

/** Everything that can be waited for by an index. */
const reads = [
  "/v1/catalog/services",
  "/v1/catalog/services?node-meta=rack:r1",
  "/v1/catalog/services?filter=ServiceTags+contains+a",
  "/v1/catalog/service/web",
  "/v1/catalog/service/web?filter=NodeMeta.rack==r1",
  "/v1/catalog/nodes",
  "/v1/catalog/nodes?node-meta=rack:r1",
  "/v1/catalog/node/node",
  "/v1/catalog/node/ext",
  "/v1/catalog/node-services/ext",
  "/v1/health/service/web",
  "/v1/health/service/web?passing",
  "/v1/health/service/web?filter=Checks.Status==critical",
  "/v1/health/service/db?node-meta=rack:r1",
  "/v1/health/checks/web",
  "/v1/health/checks/web?node-meta=rack:r1",
  "/v1/health/node/node",
  "/v1/health/node/ext",
  "/v1/health/state/critical",
  "/v1/health/state/any?filter=Node==ext",
  "/v1/kv/a",
  "/v1/kv/a?recurse",
  "/v1/kv/?keys",
  "/v1/session/list",
  "/v1/session/node/ext",
];

const name = fc.constantFrom("web", "db");
const status = fc.constantFrom("passing", "critical");
const rack = fc.constantFrom("r1", "r2");
const key = fc.constantFrom("a", "ab", "b");
const node = fc.constantFrom("ext", "node");

/** One change, as a method, a path and a body. */
const change = fc.oneof(
  fc
    .tuple(name, status, fc.constantFrom([], ["a"]))
    .map(([Name, Status, Tags]) => [
      "PUT",
      "/v1/agent/service/register",
      { Name, Tags, Check: { TTL: "10s", Status } },
    ]),
  name.map((id) => ["PUT", `/v1/agent/service/deregister/${id}`]),
  fc.tuple(fc.constantFrom("pass", "fail"), name).map(([how, id]) => ["PUT", `/v1/agent/check/${how}/service:${id}`]),
  fc.boolean().map((isOn) => ["PUT", `/v1/agent/maintenance?enable=${isOn}`]),
  fc
    .tuple(node, rack, name, status)
    .map(([Node, r, Service, Status]) => [
      "PUT",
      "/v1/catalog/register",
      { Node, Address: "10.0.0.9", NodeMeta: { rack: r }, Service: { Service }, Check: { Name: "own", Status } },
    ]),
  fc
    .tuple(node, fc.constantFrom({}, { ServiceID: "web" }, { CheckID: "own" }))
    .map(([Node, what]) => ["PUT", "/v1/catalog/deregister", { Node, ...what }]),
  fc.tuple(key, fc.constantFrom("1", "2")).map(([k, value]) => ["PUT", `/v1/kv/${k}`, value]),
  key.map((k) => ["DELETE", `/v1/kv/${k}`]),
  key.map((k) => ["DELETE", `/v1/kv/${k}?recurse`]),
  fc
    .tuple(key, key)
    .map(([one, other]) => [
      "PUT",
      "/v1/txn",
      [{ KV: { Verb: "set", Key: one, Value: "MQ==" } }, { KV: { Verb: "delete", Key: other } }],
    ]),
  fc
    .constantFrom({}, { Node: "ext", Checks: ["own"] }, { Checks: ["service:web"], Behavior: "delete" })
    .map((spec) => ["PUT", "/v1/session/create", spec]),
  key.map((k) => ["lock", k]),
);

test("whatever happens: a changed answer has a higher index, and whoever waits for it wakes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 25 }), async (changes) => {
      const { ask, get, store } = routesWorld({ maxWatchers: 1_000 });
      const see = async (path: string) => {
        const answer = await get(path).now();
        return {
          index: Number(answer?.headers?.["X-Consul-Index"]),
          body: `${answer?.status} ${String(answer?.body)}`,
        };
      };

      for (const [method, path, body] of changes as [string, string, unknown][]) {
        const before = await Promise.all(reads.map(see));
        const waiting = reads.map((read, at) =>
          get(`${read}${read.includes("?") ? "&" : "?"}index=${before[at]?.index}&wait=1m`),
        );
        const session = [...store.sessions.byId.keys()].at(-1) ?? "";
        if (method === "lock") await ask("PUT", `/v1/kv/${path}?acquire=${session}`, "held").now();
        else await ask(method, path, typeof body === "object" ? JSON.stringify(body) : (body as string)).now();

        for (const [at, read] of reads.entries()) {
          const [earlier, later] = [before[at], await see(read)];
          const isAwake = (await waiting[at]?.now()) !== undefined;
          const told = { read, hasMoved: later.index > (earlier?.index ?? 0), isAwake };
          if (later.body !== earlier?.body) expect(told).toEqual({ read, hasMoved: true, isAwake: true });
          else if (isAwake) expect(told).toEqual({ read, hasMoved: true, isAwake });
          expect(later.index).toBeGreaterThanOrEqual(earlier?.index ?? 0);
          waiting[at]?.leave();
        }
      }
    }),
    { numRuns: 100 },
  );
}, 60_000);
