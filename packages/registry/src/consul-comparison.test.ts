import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startRegistry, type Registry } from "./registry.ts";

interface Support {
  consulBinary(): string | undefined;
  startConsul(): Promise<{ readonly url: string; stop(): Promise<void> }>;
}

// The workspace's own helper, where there is one: this package does not depend on it.
const helper = new URL("../../../test/support/consul.ts", import.meta.url).href;
const support = (await import(helper).catch(() => undefined)) as Support | undefined;
const isThere = support?.consulBinary() !== undefined;

/** What we answer as Consul 1.21 does, where 1.8.7 answers otherwise: [1.8.7, ours]. Keyed by the request. */
const newer: Readonly<Record<string, readonly [string, string]>> = {
  "GET /v1/nope": ["404 ", "404 Invalid URL path: not a recognized HTTP API endpoint"],
  "PUT /v1/agent/check/pass/none": [
    '500 CheckID "none" does not have associated TTL',
    '404 Unknown check ID "none". Ensure that the check ID is passed, not the check name.',
  ],
  "PUT /v1/agent/check/deregister/none": [
    "200 ",
    '404 Unknown check ID "none". Ensure that the check ID is passed, not the check name.',
  ],
  "PUT /v1/agent/service/deregister/none": [
    "200 ",
    '404 Unknown service ID "none". Ensure that the service ID is passed, not the service name.',
  ],
  'PUT /v1/agent/check/register {"Name":"c","ServiceID":"none","TTL":"15s"}': [
    '500 ServiceID "none" does not exist',
    '404 ServiceID "none" does not exist',
  ],
  'PUT /v1/agent/service/register {"Name":"x","Check":{"HTTP":"http://a"}}': [
    "400 Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks",
    "400 Invalid check: Interval must be > 0 for Script, HTTP, H2PING, TCP, UDP or OSService checks",
  ],
};

/** Fields that 1.21 has and 1.8.7 has not. */
const newerFields = ["Interval", "Timeout", "ExposedPort", "Datacenter", "PeerName", "Mode", "consul-version"];
/** What must differ: names and addresses of the node, indexes, hashes. */
const ownFields = ["Node", "ID:node", "CreateIndex", "ModifyIndex"];

const requests: readonly (readonly [string, string, string?])[] = [
  ["OPTIONS", "/v1/kv/a"],
  ["POST", "/v1/status/leader"],
  ["GET", "/v1/nope"],
  ["GET", "/v1/health/service"],
  ["GET", "/v1/health/service/"],
  ["GET", "/v1/health/service/none"],
  ["GET", "/v1/health/service/web?passing=x"],
  ["GET", "/v1/health/service/web?stale&consistent"],
  ["GET", "/v1/health/service/web?index=-1"],
  ["GET", "/v1/health/service/web?index=1&wait=x"],
  ["GET", "/v1/health/service/web?dc=nope"],
  ["GET", "/v1/health/state/foo"],
  ["PUT", "/v1/agent/service/register"],
  ...[
    '{"Name":"web","ID":"web-1","Port":80,"Tags":["a"],"Meta":{"k":"v"},"Address":"10.0.0.1","Check":{"TTL":"60s"}}',
    '{"name":"web","id":"web-2","checks":[{"ttl":"60s","status":"passing"},{"ttl":"60s","checkid":"mine","name":"Mine"}]}',
    '{"Name":"bad","Nope":1}',
    '{"ID":"bad"}',
    '{"Name":"bad"',
    '{"Name":5}',
    '{"Name":"x","Port":"80"}',
    '{"Name":"x","Tags":"a"}',
    '{"Name":"x","Tags":[1]}',
    '{"Name":"x","Meta":{"a b":"1"}}',
    '{"Name":"x","Address":"0.0.0.0"}',
    '{"Name":"x","Weights":{"Passing":0,"Warning":1}}',
    '{"Name":"x","Check":{"TTL":"10x"}}',
    '{"Name":"x","Check":{"TTL":"-1s"}}',
    '{"Name":"x","Check":{"Nope":"10s"}}',
    '{"Name":"x","Check":{"TTL":"1s","Interval":"2s"}}',
    '{"Name":"x","Check":{"TTL":"1s","Status":"foo"}}',
    '{"Name":"x","Check":{"HTTP":"http://a"}}',
    '{"Name":"x","Check":{"Args":["x"],"Interval":"2s"}}',
  ].map((body) => ["PUT", "/v1/agent/service/register", body] as const),
  ["PUT", "/v1/agent/check/pass/service:web-1"],
  ["PUT", "/v1/agent/check/pass/none"],
  ["PUT", "/v1/agent/check/update/service:web-1", '{"Status":"foo"}'],
  ["PUT", "/v1/agent/check/update/service:web-1", '{"Statu":"foo"}'],
  ["PUT", "/v1/agent/check/update/service:web-1", '{"Status":"passing","Output":"fine"}'],
  ["PUT", "/v1/agent/check/register", '{"Name":"extra","ServiceID":"web-1","TTL":"60s","Notes":"n"}'],
  ["PUT", "/v1/agent/check/register", '{"Name":"c","ServiceID":"none","TTL":"15s"}'],
  ["PUT", "/v1/agent/check/register", '{"TTL":"15s"}'],
  ["PUT", "/v1/agent/check/register", '{"Name":"q","TTL":"15s","Status":"foo"}'],
  ["PUT", "/v1/agent/check/deregister/none"],
  ["PUT", "/v1/agent/service/maintenance/web-2?enable=true&reason=why"],
  ["PUT", "/v1/agent/service/maintenance/web-2"],
  ["PUT", "/v1/agent/service/maintenance/web-2?enable=x"],
  ["PUT", "/v1/agent/service/maintenance/none?enable=true"],
  ["GET", "/v1/agent/services"],
  ["GET", "/v1/agent/checks"],
  ["GET", "/v1/catalog/services"],
  ["GET", "/v1/catalog/service/web"],
  ["GET", "/v1/catalog/datacenters"],
  ["GET", "/v1/health/service/web?passing"],
  ["GET", "/v1/health/service/web?tag=A"],
  ["GET", "/v1/health/checks/web"],
  ["GET", "/v1/health/state/critical"],
  ["PUT", "/v1/agent/service/deregister/none"],
  ["PUT", "/v1/agent/service/deregister/web-2"],
  ["GET", "/v1/health/service/web"],
  ["GET", "/v1/kv/a"],
  ["PUT", "/v1/kv/a", "hello"],
  ["PUT", "/v1/kv/a%2Fb", "x"],
  ["PUT", "/v1/kv/a/c?flags=18446744073709551615", ""],
  ["PUT", "/v1/kv/a?cas=0", "x"],
  ["PUT", "/v1/kv/a?cas=x", "x"],
  ["PUT", "/v1/kv/a?flags=-1", "x"],
  ["PUT", "/v1/kv/a?cas=1&acquire=x", "x"],
  ["PUT", "/v1/kv/", "x"],
  ["GET", "/v1/kv/a"],
  ["GET", "/v1/kv/a?raw"],
  ["GET", "/v1/kv/a?recurse"],
  ["GET", "/v1/kv/?keys"],
  ["GET", "/v1/kv/a?keys&separator=/"],
  ["GET", "/v1/kv/zz?keys"],
  ["GET", "/v1/kv/"],
  ["DELETE", "/v1/kv/a?cas=1"],
  ["DELETE", "/v1/kv/none?cas=1"],
  ["DELETE", "/v1/kv/a?recurse&cas=1"],
  ["DELETE", "/v1/kv/"],
  ["DELETE", "/v1/kv/a?recurse"],
  ["GET", "/v1/kv/?keys"],
];

describe.skipIf(!isThere)("beside a real Consul 1.8.7", { timeout: 60_000 }, () => {
  let registry: Registry;
  let consul: Awaited<ReturnType<Support["startConsul"]>>;
  beforeAll(async () => {
    [registry, consul] = await Promise.all([startRegistry({ port: 0 }), (support as Support).startConsul()]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([registry.close(), consul.stop()]);
  });

  test("the same requests get the same answers, but for what changed up to 1.21", async () => {
    for (const [method, path, body] of requests) {
      const key = `${method} ${path}${body === undefined ? "" : ` ${body}`}`;
      const [theirs, ours] = [await ask(consul.url, method, path, body), await ask(registry.url, method, path, body)];

      const known = newer[key];
      if (known !== undefined) expect([key, theirs.line, ours.line]).toEqual([key, ...known]);
      else expect({ key, ...ours }).toEqual({ key, ...theirs });
      // A real agent tells its catalog of checks in its own time.
      if (method === "PUT" && path.startsWith("/v1/agent/")) await settled(consul.url);
    }
  });

  test("setting a key to what it is already keeps its index, here and there", async () => {
    for (const { url } of [consul, registry]) {
      const indexAfter = async (value: string): Promise<number> => {
        await fetch(`${url}/v1/kv/same`, { method: "PUT", body: value });
        return ((await (await fetch(`${url}/v1/kv/same`)).json()) as [{ ModifyIndex: number }])[0].ModifyIndex;
      };

      const [first, second, third] = [await indexAfter("1"), await indexAfter("1"), await indexAfter("2")];

      expect({ url, isKept: second === first, hasMoved: third > first }).toEqual({ url, isKept: true, hasMoved: true });
    }
  });
});

async function ask(url: string, method: string, path: string, body?: string) {
  const answer = await fetch(url + path, { method, redirect: "manual", ...(body === undefined ? {} : { body }) });
  const text = await answer.text();
  const { headers } = answer;
  const type = headers.get("content-type");
  const isJson = type === "application/json";
  return {
    line: `${answer.status} ${isJson ? JSON.stringify(comparable(text)) : text}`,
    // An empty body needs no type, though 1.8.7 gives one to some.
    type: text === "" ? undefined : type,
    allow: headers.get("allow"),
    location: headers.get("location"),
    consistency: headers.get("x-consul-effective-consistency"),
    hasIndex: answer.ok && Number(headers.get("x-consul-index")) > 0,
    contact: answer.status === 500 ? null : headers.get("x-consul-lastcontact"),
  };
}

/** The JSON without what must differ. Long numbers stay as they are. */
function comparable(text: string): unknown {
  const clean = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(clean);
    if (typeof value !== "object" || value === null) return value;
    const { ID, ...rest } = value as Record<string, unknown>;
    const entries = Object.entries({ ...rest, ...(typeof ID === "string" && ID.length === 36 ? {} : { ID }) });
    const kept = entries.filter(
      ([name, each]) =>
        each !== undefined && !newerFields.includes(name) && !(ownFields.includes(name) && typeof each !== "object"),
    );
    return Object.fromEntries(
      kept.map(([name, each]) => [name, clean(each)] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
  };
  return clean(JSON.parse(text.replaceAll(/: ?(\d{16,})/g, ': "$1"')));
}

/** Resolves once the agent has told its catalog all it knows. */
async function settled(url: string): Promise<void> {
  for (let round = 0; round < 50; round++) {
    const [agent, catalog] = await Promise.all(
      ["/v1/agent/checks", "/v1/health/state/any"].map(async (path) =>
        Object.values((await (await fetch(url + path)).json()) as Record<string, { CheckID: string; Status: string }>),
      ),
    );
    const told = new Set(catalog?.map(({ CheckID, Status }) => `${CheckID} ${Status}`));
    if (agent?.every(({ CheckID, Status }) => told.has(`${CheckID} ${Status}`)) && catalog?.length === agent.length + 1)
      return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
