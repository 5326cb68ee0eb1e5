import { createRuntime, EventChannel, type MeshEvent } from "@enmesh/core";
import { VirtualTime } from "@enmesh/core/simulation";

import { Agent } from "../src/agent/agent.ts";
import { eurekaRoutes } from "../src/eureka/routes.ts";
import type { Context } from "../src/http/context.ts";
import { dispatch } from "../src/http/dispatch.ts";
import type { Answer } from "../src/http/exchange.ts";
import { memoryJournal } from "../src/log/journal.ts";
import { describeNode } from "../src/render/node.ts";
import { Store } from "../src/state/store.ts";

/** The Eureka API in a time of its own, without sockets; over what an earlier life left behind, when given. */
export function eurekaWorld(earlier?: Store) {
  const time = new VirtualTime();
  const channel = new EventChannel();
  const events: MeshEvent[] = [];
  channel.listen((event) => events.push(event));
  const runtime = createRuntime({ clock: time, timers: time, random: () => 0.5, events: channel });
  const store = new Store();
  if (earlier !== undefined) store.replay(earlier.snapshot());
  const agent = new Agent(runtime, store);
  const node = describeNode("here", "dc1", "127.0.0.1");
  // As much of the context as these routes use.
  const context = { runtime, store, agent, journal: memoryJournal, node, isClosing: false } as unknown as Context;
  const [route] = eurekaRoutes(context);
  if (route === undefined) throw new Error("no route");

  const ask = async (method: string, path: string, given: Given = {}): Promise<Told> => {
    const headers = new Headers(given.headers);
    const target = `/eureka${path}`;
    const answer = await dispatch(route, {
      method,
      target,
      rest: path.slice(1),
      query: new URL(target, "http://registry").searchParams,
      header: (name: string) => headers.get(name) ?? undefined,
      body: given.body === undefined ? undefined : Buffer.from(given.body),
      onGone: () => {},
    });
    return { ...answer, text: String(answer.body ?? "") };
  };
  const json = async (path: string): Promise<unknown> => {
    const { text } = await ask("GET", path, { headers: { accept: "application/json" } });
    return text === "" ? undefined : JSON.parse(text);
  };
  const register = (given: object): Promise<Told> => {
    const { app = "ORDERS" } = given as { readonly app?: string };
    return ask("POST", `/apps/${encodeURIComponent(app)}`, { body: JSON.stringify({ instance: given }) });
  };
  return { time, store, agent, events, ask, json, register };
}

interface Given {
  readonly body?: string | Buffer;
  readonly headers?: Record<string, string>;
}

export interface Told extends Answer {
  readonly text: string;
}

/** An instance as Java clients send it. */
export function instance(parts: object = {}) {
  return {
    instanceId: "host-1:orders:8080",
    hostName: "host-1",
    app: "ORDERS",
    ipAddr: "10.0.0.7",
    status: "UP",
    overriddenStatus: "UNKNOWN",
    port: { $: 8080, "@enabled": "true" },
    securePort: { $: 443, "@enabled": "false" },
    countryId: 1,
    dataCenterInfo: { "@class": "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo", name: "MyOwn" },
    leaseInfo: { renewalIntervalInSecs: 30, durationInSecs: 90 },
    metadata: { zone: "a", "management.port": "9090" },
    vipAddress: "orders",
    lastDirtyTimestamp: "1700000000000",
    ...parts,
  };
}
