import { expect, test } from "vitest";

import { eurekaWorld, instance } from "../../test/eureka-world.ts";

const at = "/apps/ORDERS/host-1:orders:8080";
const item = { appName: "ORDERS", id: "host-1:orders:8080", lastDirtyTimestamp: 1_700_000_000_000, status: "UP" };

test("every item has an answer of its own, in the same order", async () => {
  const { batch } = world();

  const answers = await batch(
    { ...item, action: "Heartbeat" },
    { ...item, action: "Register", instanceInfo: instance() },
    { ...item, action: "Heartbeat" },
    { ...item, action: "Register", instanceInfo: { ...instance(), hostName: "" } },
    { ...item, action: "StatusUpdate", status: "OUT_OF_SERVICE" },
    { ...item, action: "DeleteStatusOverride", status: "UP" },
    { ...item, action: "Dance" },
    null,
    { ...item, action: "Cancel" },
    { ...item, action: "Cancel" },
  );

  expect(answers.map(({ statusCode }) => statusCode)).toEqual([404, 200, 200, 400, 200, 200, 400, 400, 200, 404]);
});

test("a peer's status is believed, where a client's would not be", async () => {
  const { batch, register, json } = world();
  await register(instance());

  await register(instance({ status: "OUT_OF_SERVICE", lastDirtyTimestamp: 1_800_000_000_000 }));
  const byClient = await json(at);
  const instanceInfo = instance({ status: "OUT_OF_SERVICE", lastDirtyTimestamp: 1_800_000_000_001 });
  await batch({ ...item, action: "Register", instanceInfo });

  expect(byClient).toMatchObject({ instance: { status: "UP" } });
  expect(await json(at)).toMatchObject({ instance: { status: "OUT_OF_SERVICE" } });
});

test("a peer that knows less is told what we know; one that knows more is asked for it", async () => {
  const { batch, register, ask } = world();
  await register(instance());

  const [older, newer] = await batch(
    { ...item, action: "Heartbeat", lastDirtyTimestamp: 1 },
    { ...item, action: "Heartbeat", lastDirtyTimestamp: 1_800_000_000_000 },
  );
  const single = await ask("PUT", `${at}?lastDirtyTimestamp=1`, {
    headers: { "x-netflix-discovery-replication": "true", accept: "application/json" },
  });

  expect(older).toMatchObject({ statusCode: 409, responseEntity: { instanceId: "host-1:orders:8080" } });
  expect(newer).toEqual({ statusCode: 404 });
  expect(single.status).toBe(409);
  expect(JSON.parse(single.text)).toMatchObject({ instance: { lastDirtyTimestamp: "1700000000000" } });
});

test("an override that a peer knows of comes with its heartbeat, and holds", async () => {
  const { batch, register, json } = world();
  await register(instance());

  await batch({
    ...item,
    action: "Heartbeat",
    lastDirtyTimestamp: 1_800_000_000_000,
    overriddenStatus: "OUT_OF_SERVICE",
  });
  await batch({ ...item, action: "Register", instanceInfo: instance({ lastDirtyTimestamp: 1_800_000_000_000 }) });

  expect(await json(at)).toMatchObject({ instance: { status: "OUT_OF_SERVICE", overriddenStatus: "OUT_OF_SERVICE" } });
});

test("the lease of an instance that a peer speaks for ends like any other", async () => {
  const { batch, ask, time } = world();
  await batch({ ...item, action: "Register", instanceInfo: instance() });
  time.advance(60_000);
  await batch({ ...item, action: "Heartbeat" });
  time.advance(89_999);

  expect((await ask("GET", at)).status).toBe(200);
  time.advance(1);
  expect((await ask("GET", at)).status).toBe(404);
});

test("more items than any peer sends are refused, and so is what is no batch", async () => {
  const { ask } = world();
  const replicationList = Array.from({ length: 1_001 }, () => ({ ...item, action: "Heartbeat" }));

  expect((await ask("POST", "/peerreplication/batch/", { body: JSON.stringify({ replicationList }) })).status).toBe(
    413,
  );
  expect((await ask("POST", "/peerreplication/batch/", { body: "{" })).status).toBe(400);
  expect((await ask("GET", "/peerreplication/batch/")).status).toBe(405);
});

interface ItemAnswer {
  readonly statusCode: number;
  readonly responseEntity?: unknown;
}

function world() {
  const made = eurekaWorld();
  const batch = async (...replicationList: unknown[]): Promise<ItemAnswer[]> => {
    const { text } = await made.ask("POST", "/peerreplication/batch/", { body: JSON.stringify({ replicationList }) });
    return (JSON.parse(text) as { responseList: ItemAnswer[] }).responseList;
  };
  return { ...made, batch };
}
