import fc from "fast-check";
import { expect, test } from "vitest";

import { eurekaWorld, instance } from "../../test/eureka-world.ts";

const names = ["instanceId", "hostName", "app", "ipAddr", "status", "port", "leaseInfo", "metadata", "dataCenterInfo"];
const fields = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), fc.jsonValue({ maxDepth: 3 }));
const paths = fc.oneof(
  fc.constantFrom(
    "/apps/ORDERS",
    "/apps/ORDERS/x",
    "/apps/ORDERS/x/status",
    "/peerreplication/batch/",
    "/apps",
    "/vips/x",
  ),
  fc.string().map((path) => `/apps/${path}`),
  fc.webPath(),
);
const bodies = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.json(),
  fields.map((parts) => JSON.stringify({ instance: { ...instance(), ...parts } })),
  fc.array(fields).map((items) => JSON.stringify({ replicationList: items })),
  fields.map((instanceInfo) =>
    JSON.stringify({
      replicationList: [{ appName: "ORDERS", action: "Register", instanceInfo: { ...instance(), ...instanceInfo } }],
    }),
  ),
);

test("whatever is sent, the answer is no failure of ours, and the lists can be read afterwards", async () => {
  const { ask, json } = eurekaWorld();

  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("GET", "PUT", "POST", "DELETE"),
      paths,
      bodies,
      fc.constantFrom("application/json", "application/xml", ""),
      fc.string(),
      async (method, path, body, type, query) => {
        const headers = { "content-type": type, "x-netflix-discovery-replication": "true" };
        const target = `${path.replace(/[?#]/g, "")}?value=${encodeURIComponent(query)}`;

        const answer = await ask(method, target, { body, headers });

        // A status that Eureka does not know is the one thing that it answers with 500.
        if (answer.status === 500) expect(answer.text).toBe("the value must be a status of Eureka");
        else expect(answer.status).toBeLessThan(500);
        expect(await json("/apps")).toHaveProperty("applications");
      },
    ),
    { numRuns: 2_000 },
  );
});

test("half a character in a name is a name like any other", async () => {
  const { ask } = eurekaWorld();
  const items = ["Register", "Heartbeat", "Cancel", "StatusUpdate"].map((action) => {
    return { appName: "\ud800", id: "\udc00", action, instanceInfo: instance({ app: "\ud800", instanceId: "\udc00" }) };
  });

  const { status, text } = await ask("POST", "/peerreplication/batch/", {
    body: JSON.stringify({ replicationList: items }),
  });
  const list = await ask("GET", "/apps");

  expect([status, list.status]).toEqual([200, 200]);
  expect(text).not.toContain("500");
});

test("a name that means something to JavaScript is a name like any other", async () => {
  const { register, json } = eurekaWorld();
  const metadata = JSON.parse('{"__proto__":"a","constructor":"b"}') as object;

  await register(instance({ app: "__PROTO__", instanceId: "constructor", metadata }));

  expect(JSON.stringify(await json("/apps/__proto__/constructor"))).toContain(
    '"metadata":{"__proto__":"a","constructor":"b"}',
  );
});
