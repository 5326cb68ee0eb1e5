import { createRuntime, EventChannel, type MeshEvent, seededRandom, TimerWheel } from "@enmesh/core";
import { VirtualTime } from "@enmesh/core/simulation";

import { Agent, type AgentOptions } from "../src/agent/agent.ts";
import type { CheckStatus } from "../src/model/check.ts";
import type { ServiceDefinition } from "../src/model/service.ts";
import { Store } from "../src/state/store.ts";

export const ttlMs = 15_000;

export interface WorldOptions {
  readonly instances: number;
  readonly intervalMs?: number;
  readonly intervalOf?: (at: number) => number;
  readonly zoneOf?: (at: number) => string;
  readonly options?: AgentOptions;
  readonly earlier?: Store;
  /** Instances before this one do not beat at all. */
  readonly beatsFrom?: number;
  readonly seed?: number;
}

/** Instances that beat, each in its own rhythm, as long as they are in `beating`. */
export function beatingWorld({
  instances,
  intervalMs = 5_000,
  intervalOf = () => intervalMs,
  zoneOf = () => "",
  options = {},
  earlier,
  beatsFrom = 0,
  seed = 1,
}: WorldOptions) {
  const time = new VirtualTime();
  let jumpedMs = 0;
  const random = seededRandom(seed);
  const heard: MeshEvent[] = [];
  const channel = new EventChannel();
  channel.listen((event) => heard.push(event));
  const clock = { now: () => time.now(), wall: () => time.wall() + jumpedMs };
  const runtime = createRuntime({ clock, timers: time, random, events: channel });
  const store = new Store();
  if (earlier !== undefined) store.replay(earlier.snapshot());
  const agent = new Agent(runtime, store, options);
  const beating = new Set<string>();
  const next: { id: string; at: number; everyMs: number }[] = [];
  for (let at = 0; at < instances; at++) {
    const id = `orders-${at + 1}`;
    if (earlier === undefined) agent.registerService(orders(id, zoneOf(at)), [beatCheck(id, ttlMs)]);
    if (at < beatsFrom) continue;
    beating.add(id);
    next.push({ id, at: random() * intervalOf(at), everyMs: intervalOf(at) });
  }
  const live = (ms: number): void => {
    const until = time.now() + ms;
    while (time.now() < until) {
      time.advance(Math.min(100, until - time.now()));
      for (const each of next) {
        if (each.at > time.now()) continue;
        if (beating.has(each.id)) agent.beat(`service:${each.id}`, "passing", "well");
        each.at += each.everyMs * (0.95 + 0.1 * random());
      }
    }
  };
  if (earlier === undefined) live(60_000);
  heard.length = 0;
  const statuses = (): [string, CheckStatus][] =>
    [...store.catalog.checks.values()].map((check) => [check.serviceId, check.status]);
  return {
    agent,
    store,
    beating,
    live,
    jump: (ms: number) => void (jumpedMs += ms),
    critical: () => statuses().flatMap(([id, status]) => (status === "critical" ? [id] : [])),
    outputs: () => [...store.catalog.checks.values()].map(({ output }) => output),
    events: (type: string) => heard.filter((event) => event.type === type),
  };
}

/** A real wheel whose loop can be blocked: beats that arrive meanwhile are read only afterwards. */
export function blockableWorld({ instances, ttl, intervalMs }: { instances: number; ttl: number; intervalMs: number }) {
  let now = 1_000;
  const clock = { now: () => now, wall: () => now };
  const wheel = new TimerWheel({ clock, tickMs: 10 });
  const heard: MeshEvent[] = [];
  const channel = new EventChannel();
  channel.listen((event) => heard.push(event));
  const runtime = createRuntime({ clock, timers: wheel, random: seededRandom(3), events: channel });
  const store = new Store();
  const agent = new Agent(runtime, store);
  const ids = Array.from({ length: instances }, (_, at) => `orders-${at + 1}`);
  for (const id of ids) agent.registerService(orders(id, ""), [beatCheck(id, ttl)]);
  for (const id of ids) agent.beat(`service:${id}`, "passing", "");
  let phase = 0;
  const pass = (ms: number): void => {
    now += ms;
    wheel.advance(now);
    // What is due in the timers runs before what waits in the sockets, as in Node's loop.
    for (const [at, id] of ids.entries()) {
      const offset = (at * intervalMs) / instances;
      if (Math.floor((now - offset) / intervalMs) !== Math.floor((phase - offset) / intervalMs))
        agent.beat(`service:${id}`, "passing", "");
    }
    phase = now;
  };
  const live = (ms: number): void => {
    for (let left = ms; left > 0; left -= 10) pass(10);
  };
  live(3_000);
  heard.length = 0;
  return {
    live,
    block: pass,
    critical: () => [...store.catalog.checks.values()].filter(({ status }) => status === "critical"),
    events: (type: string) => heard.filter((event) => event.type === type),
  };
}

export function isMarked(output: string): boolean {
  return output.startsWith("Self-preservation: ");
}

function orders(id: string, zone: string): ServiceDefinition {
  return {
    id,
    name: "orders",
    tags: [],
    address: "10.0.0.7",
    port: 8080,
    meta: zone === "" ? null : { zone },
    taggedAddresses: null,
    weights: { Passing: 1, Warning: 1 },
    enableTagOverride: false,
  };
}

function beatCheck(id: string, ttl: number) {
  return {
    id: `service:${id}`,
    name: "beat",
    notes: "",
    status: "critical",
    type: "ttl",
    ttlMs: ttl,
    deregisterAfterMs: 0,
  } as const;
}
