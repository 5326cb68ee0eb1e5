import { createRuntime, MeshError } from "@enmesh/core";
import { VirtualTime } from "@enmesh/core/simulation";
import { expect, test } from "vitest";

import { Agent } from "../agent/agent.ts";
import type { Journal } from "../log/journal.ts";
import { HealthTexts } from "../render/health.ts";
import { describeNode } from "../render/node.ts";
import { Store } from "../state/store.ts";
import type { Context } from "./context.ts";
import { dispatch } from "./dispatch.ts";
import type { Answer } from "./exchange.ts";
import { allRoutes } from "./routes.ts";

test("with a full disk nothing is registered any more, but beats are taken and reads answered", async () => {
  const { ask, store, fail } = world();
  await ask("PUT", "/v1/agent/service/register", "", '{"Name":"orders","Check":{"TTL":"10s"}}');

  fail();
  const register = await ask("PUT", "/v1/agent/service/register", "", '{"Name":"stock"}');
  const beat = await ask("PUT", "/v1/agent/check/pass/*", "service:orders");
  const read = await ask("GET", "/v1/health/service/*", "orders");

  expect(register).toMatchObject({ status: 500, body: "ENMESH_STORE_FAILED: disk full" });
  expect([beat.status, read.status]).toEqual([200, 200]);
  expect([...store.catalog.services.keys()]).toEqual(["orders"]);
  expect(store.catalog.checks.get("service:orders")?.status).toBe("passing");
});

test("a write whose sync fails is not called a success", async () => {
  const { ask, failNext } = world();

  failNext();
  const put = await ask("PUT", "/v1/kv/*", "a", "1");

  expect(put).toMatchObject({ status: 500, body: "ENMESH_STORE_FAILED: disk full" });
});

function world() {
  const time = new VirtualTime();
  const runtime = createRuntime({ clock: time, timers: time });
  const store = new Store();
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
  const node = describeNode("node", "dc1", "127.0.0.1");
  const parts = {
    runtime,
    store,
    agent: new Agent(runtime, store),
    journal,
    node,
    healthTexts: new HealthTexts(store, node),
  };
  const context: Context = { ...parts, maxWatchers: 1, isClosing: false };

  const ask = async (method: string, path: string, rest: string, body = ""): Promise<Answer> => {
    const route = allRoutes(context).find((each) => each.path === path);
    if (route === undefined) throw new Error(`no route ${path}`);
    return dispatch(route, { method, rest, query: new URLSearchParams(), body: Buffer.from(body), onGone: () => {} });
  };
  return { ask, store, fail: () => void (hasFailed = true), failNext: () => void (willFail = true) };
}
