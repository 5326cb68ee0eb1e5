import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createRuntime, currentContext, type EventChannel, type Identity, type Instance } from "@enmesh/core";
import type { Logger } from "@enmesh/logging";
import type { Metrics } from "@enmesh/metrics";
import { assemble, type MeshParts } from "./assemble.ts";
import { Closers } from "./closers.ts";
import type { MeshOptions } from "./config/options.ts";
import { resolveConfig } from "./config/resolve.ts";
import { MeshDispatcher } from "./doors/dispatcher.ts";
import { createFetch, type MeshFetch } from "./doors/fetch.ts";
import { type Answer, request, type RequestOptions } from "./doors/request.ts";
import { identityOf } from "./identity.ts";
import { InboundRequest } from "./inbound.ts";
import { endOnSignals } from "./signals.ts";
import type { MeshState } from "./state.ts";

/** One process's part in the mesh: the doors through which it calls, the server through which it is called. */
export interface Mesh {
  /** Who this process is to the others. */
  readonly identity: Identity;
  /** Calls a service: `await mesh.request("http://orders/list")`. Rejects with a MeshError when no answer came. */
  request(url: string | URL, options?: RequestOptions): Promise<Answer>;
  /** The WHATWG `fetch`, through the mesh. */
  readonly fetch: MeshFetch;
  /** For every library that takes an undici dispatcher. */
  readonly dispatcher: MeshDispatcher;
  /** Carries one inbound request of a node server; the adapters call it. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    handler: () => void,
    route?: () => string | undefined,
  ): void;
  /** Announces this process at the place where `server` listens. From then on SIGTERM and SIGINT drain and end it. */
  join(server: Server): Promise<Instance>;
  /** Leaves the mesh without losing a request, and frees everything. */
  close(): Promise<void>;
  /** Runs when no request is under way any more and before the registration is given back: close databases, and what takes work from elsewhere. One that fails is logged. */
  onClose(hook: () => Promise<void> | void): void;
  /** A pino logger whose lines carry the trace of the request they are written in. */
  readonly log: Logger;
  /** The prom-client registry and more; undefined when metrics are off. */
  readonly metrics: Metrics | undefined;
  /** What policies report. */
  readonly events: EventChannel;
  /** Aborts when the caller of the request that is being answered goes away or stops waiting. */
  signal(): AbortSignal | undefined;
  /** `/livez`, `/readyz`, `/metrics` and `/enmesh/state` are here; undefined when switched off. */
  readonly adminUrl: string | undefined;
  /** The registry in use; undefined with written-down services. */
  readonly registryUrl: string | undefined;
  /** Who is known, how they do, where rules stand: what `/enmesh/state` shows. */
  state(): MeshState;
}

/**
 * Puts this process into the mesh.
 *
 * @throws ConfigError `ENMESH_CONFIG_INVALID` with everything that is wrong in options, environment and file; `ENMESH_RESOURCE_INVALID` for routing files
 * @throws MeshError `ENMESH_REGISTRY_UNREACHABLE`, `ENMESH_PORT_IN_USE`
 * @example
 * ```ts
 * import { createMesh } from "enmesh";
 *
 * const mesh = await createMesh({ service: "web", services: { orders: ["http://127.0.0.1:3001"] }, log: { level: "silent" } });
 * console.log(mesh.state().services.map(({ service }) => service));
 * await mesh.close();
 * ```
 */
export async function createMesh(given: MeshOptions = {}): Promise<Mesh> {
  const { options } = resolveConfig(given);
  const runtime = options.runtime ?? createRuntime();
  const identity = identityOf(options, runtime);
  const closers = new Closers();
  try {
    const parts = await assemble(options, runtime, identity, closers);
    const { adminUrl, registryUrl, log } = parts;
    log.info(
      { event: "mesh.started", admin: adminUrl, registry: registryUrl, policies: options.policies },
      `${identity.service} is in the mesh`,
    );
    return meshOf(parts, identity, options, runtime.events, closers);
  } catch (error) {
    await closers.run();
    throw error;
  }
}

function meshOf(
  parts: MeshParts,
  identity: Identity,
  options: MeshOptions,
  events: EventChannel,
  closers: Closers,
): Mesh {
  const { sender, inbound, membership, log, metrics, adminUrl, registryUrl, state } = parts;
  const hooks: (() => Promise<void> | void)[] = [];
  let stopListening: (() => void) | undefined;
  let closing: Promise<void> | undefined;
  const leave = async (): Promise<void> => {
    try {
      await membership.leave(() => runAll(hooks, log));
    } finally {
      stopListening?.();
      await closers.run();
    }
  };
  const close = (): Promise<void> => (closing ??= leave());
  const dispatcher = new MeshDispatcher(sender, close);
  return {
    identity,
    request: (url, requestOptions) => request(sender, url, requestOptions),
    fetch: createFetch(dispatcher),
    dispatcher,
    handle: (incoming, response, handler, route) => inbound.handle(incoming, response, handler, route),
    join: async (server) => {
      if (options.signals !== false) stopListening ??= endOnSignals(close);
      return membership.join(server, options.failFast ?? true);
    },
    close,
    onClose: (hook) => void hooks.push(hook),
    log,
    metrics,
    events,
    signal: () => {
      const context = currentContext();
      return context instanceof InboundRequest ? context.signal : undefined;
    },
    adminUrl,
    registryUrl,
    state,
  };
}

/** One hook that fails must not keep the others, or the leaving, from being done. */
async function runAll(hooks: readonly (() => Promise<void> | void)[], log: Logger): Promise<void> {
  for (const hook of hooks) {
    try {
      await hook();
    } catch (error) {
      log.error({ err: error }, "a hook of onClose failed; leaving goes on");
    }
  }
}
