import { createRuntime, EventChannel, type MeshEvent } from "@enmesh/core";
import { VirtualTime } from "@enmesh/core/simulation";

import { Agent } from "../src/agent/agent.ts";
import { SessionKeeper } from "../src/agent/session-keeper.ts";
import { UserEvents } from "../src/agent/user-events.ts";
import type { Context } from "../src/http/context.ts";
import { dispatch } from "../src/http/dispatch.ts";
import type { Answer, Ask } from "../src/http/exchange.ts";
import { allRoutes } from "../src/http/routes.ts";
import { type Journal, memoryJournal } from "../src/log/journal.ts";
import type { ProberOptions } from "../src/probe/prober.ts";
import { HealthTexts } from "../src/render/health.ts";
import { describeNode } from "../src/render/node.ts";
import { Store } from "../src/state/store.ts";

export interface WorldOptions {
  readonly random?: () => number;
  readonly maxWatchers?: number;
  readonly journal?: Journal;
  /** What an earlier life left behind. */
  readonly earlier?: Store;
  /** Looks at services in the place of the network. */
  readonly probe?: NonNullable<ProberOptions["run"]>;
}

/** The routes without a socket, in their own time. The node is called "node". */
export function routesWorld({
  random = () => 0.5,
  maxWatchers = 100,
  journal = memoryJournal,
  earlier,
  probe,
}: WorldOptions = {}) {
  const time = new VirtualTime();
  const channel = new EventChannel();
  const events: MeshEvent[] = [];
  channel.listen((event) => events.push(event));
  let lateMs = 0;
  const clock = { now: () => time.now() + lateMs, wall: () => time.wall() };
  const runtime = createRuntime({ clock, timers: time, random, events: channel });
  /** As if the event loop had stood still for so long, and no timer had noticed yet. */
  const beLate = (ms: number): void => void (lateMs = ms);
  const store = new Store();
  if (earlier !== undefined) store.replay(earlier.snapshot());
  const agent = new Agent(runtime, store, { selfPreservation: false, ...(probe === undefined ? {} : { run: probe }) });
  const node = describeNode("node", "dc1", "127.0.0.1");
  const context: Context = {
    runtime,
    store,
    agent,
    journal,
    node,
    sessions: new SessionKeeper({ runtime, store, loopWatch: agent.loopWatch, nodeName: "node" }),
    userEvents: new UserEvents(),
    runsScripts: false,
    healthTexts: new HealthTexts(store, node),
    maxWatchers,
    isClosing: false,
  };
  const routes = allRoutes(context).toSorted((a, b) => b.path.length - a.path.length);

  /** Asks, and does not wait: `now()` is the answer, where there is one already. */
  function ask(method: string, url: string, body?: string) {
    const [path = "", query = ""] = url.split("?");
    const route = routes.find((each) =>
      each.path.endsWith("*") ? path.startsWith(each.path.slice(0, -1)) : path === each.path,
    );
    if (route === undefined) throw new Error(`no route for ${path}`);
    let [answer, leave]: [Answer | undefined, () => void] = [undefined, () => {}];
    const given: Ask = {
      method,
      rest: path.slice(route.path.length - 1),
      target: url,
      query: new URLSearchParams(query),
      header: () => undefined,
      body: body === undefined ? undefined : Buffer.from(body),
      onGone: (callback) => void (leave = callback),
    };
    void Promise.resolve(dispatch(route, given)).then((told) => (answer = told));
    // One turn of the loop: time enough for every promise that is already resolved, and none for a timer.
    const now = (): Promise<Answer | undefined> => new Promise((resolve) => setImmediate(() => resolve(answer)));
    return { now, leave: () => leave() };
  }

  const get = (url: string) => ask("GET", url);
  const put = (url: string, body?: unknown) =>
    ask("PUT", url, body === undefined || typeof body === "string" ? body : JSON.stringify(body));
  /** Asks, waits a turn, and reads the answer. */
  const told = async (asked: ReturnType<typeof ask>): Promise<unknown> => {
    const answer = await asked.now();
    const body = String(answer?.body ?? "");
    return answer?.headers?.["Content-Type"] === "application/json" ? JSON.parse(body) : body;
  };
  const read = (url: string): Promise<unknown> => told(get(url));
  const write = (url: string, body?: unknown): Promise<unknown> => told(put(url, body));
  const indexOf = async (url: string): Promise<number> => Number((await get(url).now())?.headers?.["X-Consul-Index"]);
  return { context, store, agent, time, events, ask, get, put, read, write, indexOf, beLate };
}
