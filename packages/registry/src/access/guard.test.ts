import { describe, expect, test } from "vitest";

import type { Ask } from "../http/exchange.ts";
import { Store } from "../state/store.ts";
import type { Check } from "../model/check.ts";
import type { Service } from "../model/service.ts";
import { makeGuard } from "./guard.ts";
import { anyone, type Caller } from "./rights.ts";

const ordersWriter: Caller = { name: "orders-team", rights: { write: ["orders"] } };
const reader: Caller = { name: "board", rights: "read" };

describe("a token that may write orders", () => {
  test.each([
    ["registers orders", "service/register", "", { Name: "orders", ID: "orders-2" }],
    ["registers orders again, in other letters", "service/register", "", { name: "orders", id: "orders-1" }],
    ["deregisters an instance of orders", "service/deregister/*", "orders-1", undefined],
    ["beats for it", "check/pass/*", "service:orders-1", undefined],
    ["takes it out of service", "service/maintenance/*", "orders-1", undefined],
    ["adds a check to it", "check/register", "", { Name: "more", ServiceID: "orders-1", TTL: "1s" }],
    ["hears that an id is unknown", "service/deregister/*", "nobody", undefined],
  ])("%s", (_what, path, rest, body) => {
    expect(world().guard(ordersWriter, `/v1/agent/${path}`, put(rest, body))).toBeUndefined();
  });

  test.each([
    ["register payments", "service/register", "", { Name: "payments" }],
    ["take over an instance of payments", "service/register", "", { Name: "orders", ID: "payments-1" }],
    [
      "take over a check of payments",
      "service/register",
      "",
      { Name: "orders", Check: { CheckID: "service:payments-1", TTL: "1s" } },
    ],
    [
      "take over a check of the node",
      "service/register",
      "",
      { Name: "orders", Check: { CheckID: "disk", TTL: "1s" } },
    ],
    ["deregister payments", "service/deregister/*", "payments-1", undefined],
    ["beat for payments", "check/fail/*", "service:payments-1", undefined],
    ["say what a check of payments says", "check/update/*", "service:payments-1", { Status: "critical" }],
    ["add a check to payments", "check/register", "", { Name: "x", ServiceID: "payments-1", TTL: "1s" }],
    ["move a check of payments to orders", "check/register", "", { ID: "service:payments-1", ServiceID: "orders-1" }],
    ["add a check to the node", "check/register", "", { Name: "x", TTL: "1s" }],
    ["beat for the node", "check/pass/*", "disk", undefined],
    ["take the node out of service", "maintenance", "", undefined],
  ])("may not %s", (_what, path, rest, body) => {
    const refused = world().guard(ordersWriter, `/v1/agent/${path}`, put(rest, body));

    expect(refused).toMatchObject({
      status: 403,
      body: expect.stringMatching(/^Permission denied: token "orders-team"/),
    });
  });

  test("may not write keys, nor use a route that nobody thought of here", () => {
    const { guard } = world();

    expect(guard(ordersWriter, "/v1/kv/*", put("a", undefined))?.status).toBe(403);
    expect(guard(ordersWriter, "/v1/new/*", put("a", undefined))?.status).toBe(403);
    expect(guard(ordersWriter, "/v1/kv/*", { ...put("a", undefined), method: "GET" })).toBeUndefined();
  });

  test("hears what is wrong with a body before anything is decided by it", () => {
    const { guard } = world();

    expect(
      guard(ordersWriter, "/v1/agent/service/register", put("", { Name: "orders", Nmae: "payments" }))?.status,
    ).toBe(400);
  });
});

describe("through Eureka's API a token that may write orders", () => {
  test.each([
    ["registers orders", "POST", "/eureka/apps/ORDERS", { instance: { instanceId: "host:orders:1" } }],
    ["renews it", "PUT", "/eureka/v2/apps/ORDERS/host:orders:1?status=UP", undefined],
    ["hears that orders has no such instance", "DELETE", "/eureka/apps/ORDERS/payments-1", undefined],
    ["cancels what the Consul API has listed for orders", "DELETE", "/v2/apps/orders/orders-1", undefined],
  ])("%s", (_what, method, target, body) => {
    expect(world().guard(ordersWriter, `/${target.split("/")[1]}/*`, eureka(method, target, body))).toBeUndefined();
  });

  test.each([
    ["register payments", "POST", "/eureka/apps/PAYMENTS", { instance: { instanceId: "x" } }],
    ["take payments out of service", "PUT", "/eureka/apps/PAYMENTS/payments-1/status?value=DOWN", undefined],
    ["speak as another registry", "POST", "/eureka/peerreplication/batch/", { replicationList: [] }],
  ])("may not %s", (_what, method, target, body) => {
    const refused = world().guard(ordersWriter, `/${target.split("/")[1]}/*`, eureka(method, target, body));

    expect(refused?.status).toBe(403);
  });

  test("may list no more instances than through Consul's", () => {
    const { guard } = world(1);
    const one = { instance: { instanceId: "another" } };

    expect(guard(ordersWriter, "/eureka/*", eureka("POST", "/eureka/apps/ORDERS", one))?.status).toBe(429);
  });
});

test("a token that may read changes nothing, not even by a beat", () => {
  const { guard } = world();

  expect(guard(reader, "/v1/agent/check/pass/*", put("service:orders-1", undefined))?.status).toBe(403);
  expect(guard(reader, "/v1/agent/service/register", put("", { Name: "orders" }))?.status).toBe(403);
  expect(guard(reader, "/v1/health/service/*", { ...put("orders", undefined), method: "GET" })).toBeUndefined();
});

describe("when a caller has as many instances as it may", () => {
  test("one more is refused with 429, and one that is there may still say so", () => {
    const { guard } = world(2);
    const route = "/v1/agent/service/register";

    expect(guard(anyone, route, put("", { Name: "orders", ID: "orders-2" }))).toMatchObject({
      status: 429,
      body: 'Too many instances: "anyone" may list 2; deregister some, or raise "maxInstances"',
    });
    expect(guard(anyone, route, put("", { Name: "orders", ID: "orders-1" }))).toBeUndefined();
  });

  test("another caller's instances do not count", () => {
    const { guard } = world(2);

    expect(
      guard(ordersWriter, "/v1/agent/service/register", put("", { Name: "orders", ID: "orders-2" })),
    ).toBeUndefined();
  });
});

function eureka(method: string, target: string, body: object | undefined): Ask {
  const header = (name: string): string | undefined => (name === "content-type" ? "application/json" : undefined);
  return { ...put("", body), method, target, header };
}

function put(rest: string, body: object | undefined): Ask {
  const given = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  return {
    method: "PUT",
    rest,
    target: "",
    query: new URLSearchParams(),
    header: () => undefined,
    body: given,
    onGone: () => {},
  };
}

/** One instance of orders and one of payments, each with its check, and a check of the node. */
function world(maxInstances = 100) {
  const store = new Store();
  for (const name of ["orders", "payments"]) {
    const service = { id: `${name}-1`, name, tags: [] } as unknown as Service;
    const check = { id: `service:${name}-1`, serviceId: `${name}-1`, serviceName: name } as unknown as Check;
    store.commit(() => [
      { op: "service", service },
      { op: "check", check },
    ]);
  }
  store.commit(() => [{ op: "check", check: { id: "disk", serviceId: "", serviceName: "" } as unknown as Check }]);
  return { guard: makeGuard({ store, maxInstances }) };
}
