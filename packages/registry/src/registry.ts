import { createRuntime, EventChannel, MeshError, type Runtime } from "@enmesh/core";
import type { FastifyInstance } from "fastify";

import { makeGuard } from "./access/guard.ts";
import { makeFindCaller } from "./access/tokens.ts";
import { Agent } from "./agent/agent.ts";
import { SessionKeeper } from "./agent/session-keeper.ts";
import { UserEvents } from "./agent/user-events.ts";
import type { Context } from "./http/context.ts";
import { makeGate } from "./http/gate.ts";
import { allRoutes } from "./http/routes.ts";
import { createServer } from "./http/server.ts";
import { openDataDirectory } from "./log/data-directory.ts";
import { type Journal, memoryJournal } from "./log/journal.ts";
import { metricsRoutes } from "./metrics/metrics-routes.ts";
import { RegistryMetrics } from "./metrics/registry-metrics.ts";
import { checkRegistryOptions, type CheckedOptions, type RegistryOptions } from "./options.ts";
import { HealthTexts } from "./render/health.ts";
import { describeNode } from "./render/node.ts";
import { Store } from "./state/store.ts";

/** A registry that runs. */
export interface Registry {
  /** `http://127.0.0.1:8500` */
  readonly url: string;
  readonly port: number;
  /** How many services an earlier run left behind. */
  readonly recovered: number;
  /** Answers whoever waits, lets the log reach the disk, and leaves nothing open. */
  close(): Promise<void>;
}

/**
 * Starts a registry that speaks the Consul HTTP API: register services, beat their TTL checks, watch for healthy
 * instances, keep configuration in keys.
 *
 * Without a `dataDirectory` all is kept in memory and gone with the process. It listens on this machine only, unless
 * there is a token.
 *
 * @throws MeshError `ENMESH_PORT_IN_USE`, `ENMESH_OPTION_INVALID` or `ENMESH_STORE_FAILED`.
 * @example
 * ```ts
 * import { startRegistry } from "@enmesh/registry";
 *
 * const registry = await startRegistry({ port: 0 });
 * const leader = await fetch(`${registry.url}/v1/status/leader`);
 * console.log(await leader.json()); // 127.0.0.1:8300
 * await registry.close();
 * ```
 */
export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const checked = checkRegistryOptions(options);
  const runtime = options.runtime ?? createRuntime({ events: new EventChannel() });
  const stopListening = options.onEvent === undefined ? () => {} : runtime.events.listen(options.onEvent);
  try {
    return await start(checked, runtime, stopListening);
  } catch (error) {
    stopListening();
    throw error;
  }
}

async function start(options: CheckedOptions, runtime: Runtime, stopListening: () => void): Promise<Registry> {
  const counted = new RegistryMetrics();
  const { store, journal } = await openStore(options, runtime, counted);
  const recovered = store.catalog.services.size;
  const agent = new Agent(runtime, store, { selfPreservation: options.selfPreservation });
  const node = describeNode(options.nodeName, options.datacenter, options.host, options.nodeAddress);
  const { maxWatchers } = options;
  const healthTexts = new HealthTexts(store, node);
  const sessions = new SessionKeeper({ runtime, store, loopWatch: agent.loopWatch, nodeName: node.name });
  const context: Context = {
    runtime,
    store,
    agent,
    journal,
    node,
    sessions,
    userEvents: new UserEvents(),
    runsScripts: options.scriptChecks,
    healthTexts,
    maxWatchers,
    isClosing: false,
  };
  const onFailure = ({ message }: Error, path: string): void =>
    runtime.events.report({ type: "request.failed", path, message });
  const { grants, tls, maxInstances } = options;
  const app = createServer({
    routes: [...allRoutes(context), ...metricsRoutes({ runtime, store, agent, journal, counted })],
    // With a token any Host will do: no page in a browser can know it.
    gate: makeGate({
      findCaller: grants.length === 0 ? undefined : makeFindCaller(grants),
      hosts: [options.host, ...options.allowedHosts],
    }),
    guard: makeGuard({ store, maxInstances }),
    tls,
    onAnswer: (routePath, status) => counted.countRequest(routePath, status),
    isClosing: () => context.isClosing,
    onFailure,
  });

  const stopCounting = runtime.events.listen((event) => counted.countEvent(event));

  const finish = async (): Promise<void> => {
    context.isClosing = true;
    store.watchers.dismiss();
    agent.stop();
    sessions.stop();
    await closeServer(app);
    await journal.close();
    stopCounting();
    stopListening();
  };
  try {
    await listen(app, options);
  } catch (error) {
    await finish();
    throw error;
  }

  const { port } = app.server.address() as { readonly port: number };
  const url = `${options.tls === undefined ? "http" : "https"}://${callableHost(options.host)}:${port}`;
  runtime.events.report({ type: "registry.started", url, dataDirectory: options.dataDirectory, recovered });
  let closed: Promise<void> | undefined;
  return { url, port, recovered, close: () => (closed ??= finish()) };
}

async function openStore(
  { dataDirectory }: CheckedOptions,
  runtime: Runtime,
  counted: RegistryMetrics,
): Promise<{ store: Store; journal: Journal }> {
  // In memory the calendar takes the place of the log: a later life begins with a higher index.
  if (dataDirectory === undefined)
    return { store: new Store(Math.max(1, Math.floor(runtime.clock.wall()))), journal: memoryJournal };
  const store = new Store();
  const journal = await openDataDirectory(dataDirectory, store, runtime, (tookMs) => counted.syncs.add(tookMs));
  store.writeTo(journal);
  return { store, journal };
}

async function listen(app: FastifyInstance, { host, port }: CheckedOptions): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") {
      const remedy = `stop what listens there (another registry, or Consul?), or choose another port; port 0 takes any free one`;
      throw new MeshError(
        "ENMESH_PORT_IN_USE",
        `the registry cannot listen on ${host}:${port}: the port is taken; ${remedy}`,
        { cause: error },
      );
    }
    throw new MeshError("ENMESH_OPTION_INVALID", `the registry cannot listen on ${host}:${port}: ${message}`, {
      cause: error,
    });
  }
}

/** Answers on their way get a moment; then every connection ends. */
async function closeServer(app: FastifyInstance): Promise<void> {
  const deadline = setTimeout(() => app.server.closeAllConnections(), 500);
  await app.close();
  clearTimeout(deadline);
}

function callableHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
