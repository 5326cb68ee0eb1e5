import { createRuntime, EventChannel, type MeshEvent } from "@enmesh/core";
import { VirtualTime } from "@enmesh/core/simulation";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Check, CheckDefinition } from "../model/check.ts";
import type { ServiceDefinition } from "../model/service.ts";
import { Store } from "../state/store.ts";
import { Agent } from "./agent.ts";

describe("a TTL check", () => {
  test("is critical until its first beat, and passing for one TTL after each", () => {
    const { agent, time, status } = world();
    agent.registerService(orders, [ttl({ ttlMs: 10_000 })]);

    const atFirst = status();
    agent.beat("service:orders-1", "passing", "");
    time.advance(9_999);

    expect(atFirst).toBe("critical");
    expect(status()).toBe("passing");
  });

  test("expires with Consul's words and the last output, at its time and not before", () => {
    const { agent, time, store, status } = world();
    agent.registerService(orders, [ttl({ ttlMs: 10_000 })]);
    agent.beat("service:orders-1", "passing", "all well");

    time.advance(10_000);

    expect(status()).toBe("critical");
    expect(store.catalog.checks.get("service:orders-1")?.output).toBe(
      "TTL expired (last output before timeout follows): all well",
    );
  });

  test("without any output expires with two words", () => {
    const { agent, time, store } = world();
    agent.registerService(orders, [ttl({ ttlMs: 10_000 })]);

    time.advance(10_000);

    expect(store.catalog.checks.get("service:orders-1")?.output).toBe("TTL expired");
  });

  test("that beats forever never expires, and makes no commit", () => {
    const { agent, time, store, commits, status } = world();
    agent.registerService(orders, [ttl({ ttlMs: 10_000, status: "passing" })]);
    const [index, count] = [store.index, commits.length];

    for (let beat = 0; beat < 10_000; beat++) {
      time.advance(9_000);
      agent.beat("service:orders-1", "passing", "");
    }

    expect(status()).toBe("passing");
    expect([store.index, commits.length]).toEqual([index, count]);
  });

  test("that beats in time, however often and with whatever note, touches no log and no index", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 9_999 }), fc.string()), { maxLength: 40 }), (beats) => {
        const { agent, time, store, commits } = world();
        agent.registerService(orders, [ttl({ ttlMs: 10_000, status: "passing" })]);
        const before = [store.index, commits.length];

        // Two minutes at most: a new note is published after that, and that is a change.
        for (const [afterMs, note] of beats) {
          if (time.now() + afterMs > 120_000) break;
          time.advance(afterMs);
          agent.beat("service:orders-1", "passing", note);
        }

        expect([store.index, commits.length]).toEqual(before);
      }),
    );
  });

  test("comes back with a beat after it expired", () => {
    const { agent, time, status, events } = world();
    agent.registerService(orders, [ttl({ ttlMs: 1_000, status: "passing" })]);
    time.advance(5_000);

    agent.beat("service:orders-1", "passing", "");

    expect(status()).toBe("passing");
    expect(events.filter(({ type }) => type === "check.changed").map(({ from, to }) => [from, to])).toEqual([
      ["passing", "critical"],
      ["critical", "passing"],
    ]);
  });

  test("shows a new output at once to the agent and minutes later to the catalog, with a new index", () => {
    const { agent, time, store } = world();
    agent.registerService(orders, [ttl({ ttlMs: 86_400_000, status: "passing" })]);
    const index = store.index;

    agent.beat("service:orders-1", "passing", "busy");
    const check = store.catalog.checks.get("service:orders-1") as Check;
    const [published, known] = [check.output, agent.outputOf(check)];
    time.advance(450_000);

    expect([published, known]).toEqual(["", "busy"]);
    expect(store.catalog.checks.get("service:orders-1")?.output).toBe("busy");
    expect(store.catalog.indexOf("orders")).toBe(index + 1);
  });

  test("that does not exist, or has no TTL, takes no beats", () => {
    const { agent } = world();
    agent.registerService(orders, []);
    agent.setMaintenance("orders-1", true, "");

    expect(agent.beat("none", "passing", "")).toBe("unknown");
    expect(agent.beat("_service_maintenance:orders-1", "passing", "")).toBe("no-ttl");
  });
});

describe("registering again", () => {
  test("changes nothing when nothing is new, but starts the TTL anew", () => {
    const { agent, time, store, status } = world();
    agent.registerService(orders, [ttl({ ttlMs: 10_000, status: "passing" })]);
    const index = store.index;

    time.advance(9_000);
    agent.registerService({ ...orders, meta: { ...orders.meta } }, [ttl({ ttlMs: 10_000, status: "critical" })]);
    time.advance(9_000);

    expect(store.index).toBe(index);
    expect(status()).toBe("passing");
  });

  test("keeps checks that are not named again, unless they are to be replaced", () => {
    const { agent, store } = world();
    agent.registerService(orders, [ttl({ id: "a" }), ttl({ id: "b" })]);

    agent.registerService(orders, [ttl({ id: "a" })]);
    const kept = [...store.catalog.checks.keys()];
    agent.registerService(orders, [ttl({ id: "a" })], true);

    expect(kept).toEqual(["a", "b"]);
    expect([...store.catalog.checks.keys()]).toEqual(["a"]);
    expect(agent.leases).toBe(1);
  });

  test("under another name leaves the old name without instances", () => {
    const { agent, store } = world();
    agent.registerService(orders, [ttl({})]);

    agent.registerService({ ...orders, name: "baskets" }, [ttl({})]);

    expect([...store.catalog.groups.keys()]).toEqual(["baskets"]);
    expect(store.catalog.checks.get("service:orders-1")?.serviceName).toBe("baskets");
  });
});

describe("a service that is critical for too long", () => {
  test("is removed after its time, with its checks and their leases", () => {
    const { agent, time, store, events } = world();
    agent.registerService(orders, [ttl({ ttlMs: 1_000, status: "passing", deregisterAfterMs: 90_000 })]);

    time.advance(90_999);
    const before = store.catalog.services.size;
    time.advance(1);

    expect(before).toBe(1);
    expect(store.catalog.services.size).toBe(0);
    expect(store.catalog.checks.size).toBe(0);
    expect(agent.leases).toBe(0);
    expect(events.at(-1)).toMatchObject({ type: "service.reaped", service: "orders", id: "orders-1" });
  });

  test("is never removed within a minute, nor when it recovered in between", () => {
    const { agent, time, store } = world();
    agent.registerService(orders, [ttl({ ttlMs: 50_000, deregisterAfterMs: 1_000 })]);

    time.advance(59_000);
    agent.beat("service:orders-1", "passing", "");
    time.advance(49_000);

    expect(store.catalog.services.size).toBe(1);
  });
});

test("after a restart every lease has a full TTL, however long the registry was away", () => {
  const first = world();
  first.agent.registerService(orders, [ttl({ ttlMs: 10_000, status: "passing" })]);
  first.time.advance(9_000);

  const second = world(first.store);
  second.time.advance(9_999);
  const stillPassing = second.status();
  second.time.advance(1);

  expect(stillPassing).toBe("passing");
  expect(second.status()).toBe("critical");
});

test("maintenance mode makes a service critical until it ends", () => {
  const { agent, store } = world();
  agent.registerService(orders, []);

  agent.setMaintenance("orders-1", true, "new disk");
  const check = store.catalog.checks.get("_service_maintenance:orders-1");
  agent.setMaintenance("orders-1", false, "");

  expect(check).toMatchObject({ status: "critical", notes: "new disk", name: "Service Maintenance Mode" });
  expect(store.catalog.checks.size).toBe(0);
  expect(agent.setMaintenance("none", true, "")).toBe(false);
});

const orders: ServiceDefinition = {
  id: "orders-1",
  name: "orders",
  tags: ["blue"],
  address: "10.0.0.1",
  port: 80,
  meta: { version: "v1" },
  taggedAddresses: null,
  weights: { Passing: 1, Warning: 1 },
  enableTagOverride: false,
};

function ttl(parts: Partial<CheckDefinition>): CheckDefinition {
  return {
    id: "service:orders-1",
    name: "check",
    notes: "",
    status: "critical",
    type: "ttl",
    ttlMs: 10_000,
    deregisterAfterMs: 0,
    ...parts,
  };
}

/** An agent in its own time; with what an earlier one left behind, when given. */
function world(earlier?: Store) {
  const time = new VirtualTime();
  const channel = new EventChannel();
  const events: MeshEvent[] = [];
  channel.listen((event) => events.push(event));
  const runtime = createRuntime({ clock: time, timers: time, random: () => 0.5, events: channel });
  const store = new Store();
  if (earlier !== undefined) store.replay(earlier.snapshot());
  const commits: unknown[] = [];
  store.writeTo({ append: (commit) => commits.push(commit) });
  const agent = new Agent(runtime, store);
  const status = (): string | undefined => store.catalog.checks.get("service:orders-1")?.status;
  return { agent, time, store, commits, events, status };
}
