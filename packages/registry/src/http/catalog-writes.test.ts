import { expect, test } from "vitest";

import { routesWorld } from "../../test/routes-world.ts";

test("a node that is registered from outside wakes who waits for its service, for nodes and for services", async () => {
  const { get, write, indexOf } = routesWorld();
  const paths = ["/v1/health/service/db", "/v1/catalog/service/db", "/v1/catalog/nodes", "/v1/catalog/services"];
  const waiting = await Promise.all(paths.map(async (path) => get(`${path}?index=${await indexOf(path)}&wait=1m`)));

  await write("/v1/catalog/register", database);

  for (const each of waiting) expect(String((await each.now())?.body)).toMatch(/db|ext/);
});

test("a check of its node counts for each of its services, and for no others", async () => {
  const { get, read, write, indexOf } = routesWorld();
  await write("/v1/catalog/register", database);
  await write("/v1/agent/service/register", { Name: "orders" });
  const [db, orders] = await Promise.all(
    ["db", "orders"].map(async (name) =>
      get(`/v1/health/service/${name}?index=${await indexOf(`/v1/health/service/${name}`)}`),
    ),
  );

  await write("/v1/catalog/register", { ...database, Service: undefined, Check: { Name: "disk", Status: "critical" } });

  expect((await db?.now())?.status).toBe(200);
  expect(await orders?.now()).toBeUndefined();
  expect(await read("/v1/health/service/db?passing")).toEqual([]);
  expect(await read("/v1/health/service/orders?passing")).toHaveLength(1);
});

test("two nodes may use one service id, and our own as well", async () => {
  const { read, write, store } = routesWorld();
  await write("/v1/agent/service/register", { Name: "db" });
  await write("/v1/catalog/register", database);
  await write("/v1/catalog/register", { ...database, Node: "ext-2", Address: "10.1.1.2" });

  await write("/v1/catalog/deregister", { Node: "ext", ServiceID: "db" });

  expect(await read("/v1/catalog/service/db")).toMatchObject([
    { Node: "node" },
    { Node: "ext-2", Address: "10.1.1.2" },
  ]);
  expect(await read("/v1/agent/services")).toMatchObject({ db: { ID: "db" } });
  expect(store.catalog.services.size).toBe(2);
});

test("what is on another node is not the agent's to change, by whatever id", async () => {
  const { put, write, store } = routesWorld();
  await write("/v1/catalog/register", { ...database, Checks: [{ Name: "disk", Status: "passing" }] });
  const key = (id: string) => `\u0000ext\u0000${id}`;

  const answers = await Promise.all([
    put(`/v1/agent/service/deregister/${key("db")}`).now(),
    put(`/v1/agent/check/deregister/${key("disk")}`).now(),
    put(`/v1/agent/service/maintenance/${key("db")}?enable=true`).now(),
    put("/v1/agent/check/register", { Name: "c", TTL: "1s", ServiceID: key("db") }).now(),
    put("/v1/agent/service/register", { Name: "a", ID: key("db") }).now(),
  ]);

  expect(answers.map((answer) => answer?.status)).toEqual([404, 404, 404, 404, 400]);
  expect([store.catalog.services.size, store.catalog.checks.size]).toEqual([1, 1]);
});

test("registering the same again changes no index", async () => {
  const { write, store } = routesWorld();
  await write("/v1/catalog/register", database);
  const index = store.index;

  await write("/v1/catalog/register", database);

  expect(store.index).toBe(index);
});

test("a node goes with all that is on it", async () => {
  const { read, write, store } = routesWorld();
  await write("/v1/catalog/register", { ...database, Checks: [{ Name: "disk", Status: "passing" }] });

  await write("/v1/catalog/deregister", { Node: "ext" });

  expect([store.catalog.nodes.size, store.catalog.services.size, store.catalog.checks.size]).toEqual([0, 0, 0]);
  expect(await read("/v1/catalog/node/ext")).toBe(null);
});

test("what was registered from outside is there again after a restart", async () => {
  const first = routesWorld();
  await first.write("/v1/catalog/register", { ...database, Checks: [{ Name: "disk", Status: "warning" }] });

  const second = routesWorld({ earlier: first.store });

  expect(await second.read("/v1/health/service/db")).toEqual(await first.read("/v1/health/service/db"));
});

test("an own check that is told of from outside keeps its beats", async () => {
  const { write, store, time } = routesWorld();
  await write("/v1/agent/service/register", { Name: "orders", Check: { TTL: "10s", Status: "passing" } });
  const check = { CheckID: "service:orders", Name: "c", ServiceID: "orders", Status: "warning" };

  await write("/v1/catalog/register", { Node: "node", Address: "127.0.0.1", Check: check });
  const told = store.catalog.checks.get("service:orders")?.status;
  time.advance(10_000);

  expect([told, store.catalog.checks.get("service:orders")?.status]).toEqual(["warning", "critical"]);
});

test.each([
  [{ Node: "ext", Address: "169.254.169.254" }, 'Invalid service address "169.254.169.254"'],
  [
    { Node: "ext", Address: "10.0.0.1", Service: { Service: "a", Address: "169.254.169.254" } },
    "Invalid service address",
  ],
  [{ Node: "a\u0000b", Address: "10.0.0.1" }, "Invalid name"],
  [{ Node: "ext", SkipNodeUpdate: true }, "missing node registration"],
  [{ Node: "ext", Address: "10.0.0.1", Check: { Name: "c", Node: "other" } }, "does not match node"],
  [{ Node: "ext", Address: "10.0.0.1", Datacenter: "dc2" }, "No path to datacenter"],
])("%j is refused, and nothing of it is listed", async (registration, message) => {
  const { write, store } = routesWorld();

  expect(await write("/v1/catalog/register", registration)).toContain(message);
  expect(store.catalog.nodes.size).toBe(0);
});

const database = {
  Node: "ext",
  Address: "10.1.1.1",
  NodeMeta: { rack: "r1" },
  Service: { Service: "db", Port: 5432 },
};
