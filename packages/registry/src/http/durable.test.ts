import { MeshError } from "@enmesh/core";
import { expect, test } from "vitest";

import { routesWorld } from "../../test/routes-world.ts";
import type { Journal } from "../log/journal.ts";

test("with a full disk nothing is registered any more, but beats are taken and reads answered", async () => {
  const { put, get, store, fail } = world();
  await put("/v1/agent/service/register", { Name: "orders", Check: { TTL: "10s" } }).now();

  fail();
  const register = await put("/v1/agent/service/register", { Name: "stock" }).now();
  const beat = await put("/v1/agent/check/pass/service:orders").now();
  const read = await get("/v1/health/service/orders").now();

  expect(register).toMatchObject({ status: 500, body: "ENMESH_STORE_FAILED: disk full" });
  expect([beat?.status, read?.status]).toEqual([200, 200]);
  expect([...store.catalog.services.keys()]).toEqual(["orders"]);
  expect(store.catalog.checks.get("service:orders")?.status).toBe("passing");
});

test("a write whose sync fails is not called a success", async () => {
  const { put, failNext } = world();

  failNext();
  const answer = await put("/v1/kv/a", "1").now();

  expect(answer).toMatchObject({ status: 500, body: "ENMESH_STORE_FAILED: disk full" });
});

function world() {
  const failure = new MeshError("ENMESH_STORE_FAILED", "disk full");
  let [hasFailed, willFail] = [false, false];
  const journal: Journal = {
    get failure() {
      return hasFailed ? failure : undefined;
    },
    append: () => {},
    committed: () => (willFail ? Promise.reject(failure) : Promise.resolve()),
    close: () => Promise.resolve(),
  };
  return {
    ...routesWorld({ journal }),
    fail: () => void (hasFailed = true),
    failNext: () => void (willFail = true),
  };
}
