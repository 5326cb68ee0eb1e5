import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createBalancer } from "@enmesh/balancer";
import { ConfigError, createRuntime, currentContext, type EventChannel, type Identity, type Instance, parseDuration, type Pipeline, type Problem, type Runtime } from "@enmesh/core";
import { consulRegistrar, consulSource, createDirectory, createRegistration, type Directory, staticSource } from "@enmesh/discovery";
import { accessLog, createLogger, inboundLog, logEvents, type Logger } from "@enmesh/logging";
import { createMetrics, type Metrics } from "@enmesh/metrics";
import { attemptTimeout, bulkhead, circuitBreaker, deadline, deadlineHeaders, retry, routeDeadline } from "@enmesh/resilience";
import { createTracing, withoutInstrumentation } from "@enmesh/tracing";
import { Agent } from "undici";
import { type Admin, startAdmin } from "./admin.ts";
import type { EmbeddedRegistry, MeshOptions } from "./config/options.ts";
import { resolveConfig } from "./config/resolve.ts";
import { Destinations } from "./destinations.ts";
import { MeshDispatcher } from "./doors/dispatcher.ts";
import { createFetch, type MeshFetch } from "./doors/fetch.ts";
import { type Answer, request, type RequestOptions } from "./doors/request.ts";
import { createSender, type Sender } from "./doors/sender.ts";
import { identityOf } from "./identity.ts";
import { Inbound, InboundRequest } from "./inbound.ts";
import { Membership } from "./membership.ts";
import { outbound, type OutboundPolicies } from "./outbound.ts";
import { createRouting } from "./routing.ts";
import { createServiceNames } from "./service-names.ts";
import { endOnSignals } from "./signals.ts";
import { type MeshState, stateOf } from "./state.ts";
import { Pools } from "./transport/pools.ts";
import { probe } from "./transport/probe.ts";

/** One process's part in the mesh: the doors through which it calls, the server through which it is called. */
export interface Mesh {
  readonly identity: Identity;
  /** Calls a service: `await mesh.request("http://orders/list")`. Rejects with a MeshError when no answer came. */
  request(url: string | URL, options?: RequestOptions): Promise<Answer>;
  /** The WHATWG `fetch`, through the mesh. */
  readonly fetch: MeshFetch;
  /** For every library that takes an undici dispatcher. */
  readonly dispatcher: MeshDispatcher;
  /** Carries one inbound request of a node server; the adapters call it. */
  handle(request: IncomingMessage, response: ServerResponse, handler: () => void, route?: () => string | undefined): void;
  /** Announces this process at the place where `server` listens. From then on SIGTERM and SIGINT drain and end it. */
  join(server: Server): Promise<Instance>;
  /** Leaves the mesh without losing a request, and frees everything. */
  close(): Promise<void>;
  /** Runs before the registration is given back while the mesh is left: close what takes work from elsewhere. */
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
    return await assemble(options, runtime, identity, closers);
  } catch (error) {
    await closers.run();
    throw error;
  }
}

async function assemble(options: MeshOptions, runtime: Runtime, identity: Identity, closers: Closers): Promise<Mesh> {
  const { events } = runtime;
  const log = createLogger({ identity, level: options.log === false ? "silent" : (options.log?.level ?? "info") });
  closers.add(logEvents(log, events));
  const metrics = options.metrics === false ? undefined : createMetrics({ identity, clock: runtime.clock });
  if (metrics !== undefined) closers.add(metrics.listen(events));
  const tracing = options.tracing === false ? undefined : createTracing({ identity, random: runtime.random });

  const registry = await openRegistry(options, closers);
  const source = registry === undefined ? staticSource(options.services ?? {}) : consulSource({ ...registry, runtime });
  const directory = createDirectory({ source, runtime });
  closers.add(() => directory.close());

  const pools = new Pools({ connectTimeoutMs: parseDuration(options.connectTimeout ?? 1_000), maxConnections: 256 });
  closers.add(() => pools.destroy());
  const destinations = new Destinations(directory, (endpoint) => pools.forget(endpoint));
  const routing = await createRouting({ directory: options.policies, destinations, runtime });
  closers.add(() => routing.close());

  const pipeline = outboundPipeline(options, runtime, {
    metrics: metrics?.outbound,
    log: options.log === false || options.log?.access === "off" ? undefined : accessLog(log, { accessLog: options.log?.access ?? "all", clock: runtime.clock, ...(tracing && { traceOf: tracing.traceOf }) }),
    trace: tracing?.call,
    traceAttempt: tracing?.attempt,
    route: routing.step,
    discover: destinations.discover(),
  });
  const outside = options.outboundTrafficPolicy === "REGISTRY_ONLY" ? undefined : new Agent();
  if (outside !== undefined) closers.add(() => outside.destroy());
  const sender = createSender({
    transport: {
      runtime,
      pipeline,
      pools,
      constantHeaders: ["x-enmesh-source", `${identity.namespace}/${identity.service}/${identity.version}`],
      unseen: tracing === undefined ? undefined : withoutInstrumentation,
    },
    serviceOf: createServiceNames(directory, routing),
    outside,
  });

  const drain = { propagationMs: parseDuration(options.drain?.propagation ?? 2_000), inFlightMs: parseDuration(options.drain?.inFlight ?? 25_000) };
  const inbound = new Inbound({
    runtime,
    startTrace: tracing === undefined ? untraced : (header, method, path) => tracing.inbound.start(header, method, path),
    observers: [...(metrics ? [metrics.inbound] : []), ...(options.log === false || options.log?.access === "off" ? [] : [inboundLog(log, { accessLog: options.log?.access ?? "all" })])],
    isEdge: options.edge ?? false,
    isDraining: () => membership.isDraining,
  });
  const membership = new Membership({
    inbound,
    instanceAt: (address, port) => instanceOf(options, identity, address, port),
    advertisedAddress: options.address,
    ...drain,
    register:
      registry === undefined
        ? undefined
        : (instance) =>
            createRegistration({
              registrar: consulRegistrar({ ...registry, runtime }),
              instance,
              runtime,
              heartbeatMs: parseDuration(options.heartbeat ?? 5_000),
              ttlMs: parseDuration(options.ttl ?? 15_000),
            }),
  });

  const state = (): MeshState => stateOf({ identity, membership, inbound, directory, destinations, routing, metrics, registryUrl: registry?.url });
  let admin: Admin | undefined;
  if (options.admin !== false) {
    admin = await startAdmin(options.admin ?? {}, {
      notReady: () => notReady(directory, membership),
      metrics: metrics && (async () => ({ text: await metrics.render(), contentType: metrics.contentType })),
      state,
    });
    closers.add(() => admin?.close());
  }
  await waitForRegistry(directory, options, log);

  return assembled({ options, identity, sender, inbound, membership, log, metrics, events, closers, adminUrl: admin?.url, registryUrl: registry?.url, state });
}

interface Parts {
  readonly options: MeshOptions;
  readonly identity: Identity;
  readonly sender: Sender;
  readonly inbound: Inbound;
  readonly membership: Membership;
  readonly log: Logger;
  readonly metrics: Metrics | undefined;
  readonly events: EventChannel;
  readonly closers: Closers;
  readonly adminUrl: string | undefined;
  readonly registryUrl: string | undefined;
  readonly state: () => MeshState;
}

function assembled(parts: Parts): Mesh {
  const { options, identity, sender, inbound, membership, log, metrics, events, closers, adminUrl, registryUrl, state } = parts;
  const hooks: (() => Promise<void> | void)[] = [];
  let stopListening: (() => void) | undefined;
  let closing: Promise<void> | undefined;
  const leave = async (): Promise<void> => {
    await membership.leave(async () => {
      for (const hook of hooks) await hook();
    });
    stopListening?.();
    await closers.run();
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

type Given = Pick<OutboundPolicies, "metrics" | "log" | "trace" | "traceAttempt" | "route" | "discover">;

/** Makes the policies that the options ask for; everything that is wrong with any of them is told at once. */
function outboundPipeline(options: MeshOptions, runtime: Runtime, given: Given): Pipeline {
  const problems: Problem[] = [];
  const make = <T>(group: string, build: () => T): T | undefined => {
    try {
      return build();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems.map((problem) => ({ ...problem, path: problem.path === "" ? group : `${group}.${problem.path}` })));
      return undefined;
    }
  };
  const { timeout, attemptTimeout: attempt } = options;
  const policies = {
    deadline: timeout === false ? undefined : deadline(timeout === undefined ? {} : { total: timeout }, runtime),
    routeDeadline: routeDeadline(),
    retry: options.retry === false ? undefined : make("retry", () => retry(options.retry || {}, runtime)),
    circuitBreaker: options.circuitBreaker === false ? undefined : make("circuitBreaker", () => circuitBreaker(options.circuitBreaker || {}, runtime)),
    bulkhead: options.bulkhead === false ? undefined : make("bulkhead", () => bulkhead(options.bulkhead || {}, runtime)),
    balancer: make("balancer", () => createBalancer(options.balancer ?? {}, runtime, probe)),
    attemptTimeout: attempt === false ? undefined : attemptTimeout(attempt === undefined ? {} : { timeout: attempt }, runtime),
    deadlineHeaders: deadlineHeaders(runtime),
  };
  const totalMs = timeout === false ? Number.POSITIVE_INFINITY : parseDuration(timeout ?? 10_000);
  if (attempt !== undefined && attempt !== false && parseDuration(attempt) > totalMs) {
    problems.push({ path: "attemptTimeout", message: "must not be longer than timeout: an attempt cannot outlive its call" });
  }
  if (problems.length > 0 || policies.balancer === undefined) throw new ConfigError("configuration", problems);
  return outbound({ ...given, ...policies, balancer: policies.balancer });
}

/** The registry to use: one that runs in this process, one by URL, or none with written-down services. */
async function openRegistry(options: MeshOptions, closers: Closers): Promise<{ readonly url: string; readonly token?: string } | undefined> {
  const { registry, registryToken } = options;
  if (registry === undefined && options.services !== undefined) return undefined;
  if (registry === undefined || typeof registry === "string") {
    return { url: registry ?? "http://127.0.0.1:8500", ...(registryToken !== undefined && { token: registryToken }) };
  }
  const running = await (registry as EmbeddedRegistry).start();
  closers.add(() => running.close());
  const token = running.token ?? registryToken;
  return { url: running.url, ...(token !== undefined && { token }) };
}

async function waitForRegistry(directory: Directory, options: MeshOptions, log: Logger): Promise<void> {
  try {
    await directory.ready();
  } catch (error) {
    if (options.failFast ?? true) throw error;
    log.warn({ err: error }, "starting without the registry; it is asked again and again");
  }
}

function notReady(directory: Directory, membership: Membership): string | undefined {
  if (membership.isDraining) return "draining";
  if (membership.state === "joining") return "not registered yet";
  if (directory.isKnown("") === undefined) return `no word from ${directory.source} yet`;
  return undefined;
}

function instanceOf(options: MeshOptions, identity: Identity, address: string, port: number): Instance {
  return {
    id: identity.instanceId,
    service: identity.service,
    address,
    port,
    protocol: "http",
    labels: { ...options.labels, version: identity.version },
    version: identity.version,
    weight: options.weight ?? 1,
    status: "STARTING",
    ...(options.zone !== undefined && { zone: options.zone }),
    ...(options.region !== undefined && { region: options.region }),
  };
}

const noTrace = Object.freeze({ traceId: "0".repeat(32), spanId: "0".repeat(16), isSampled: false, traceState: undefined });
const untraced = (): { trace: typeof noTrace; run: <T>(handler: () => T) => T; end: () => void } => ({ trace: noTrace, run: (handler) => handler(), end: () => {} });

/** What must be closed, last opened first. */
class Closers {
  readonly #closers: (() => unknown)[] = [];

  add(close: () => unknown): void {
    this.#closers.push(close);
  }

  async run(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) {
      try {
        await close();
      } catch {
        // One thing that does not close must not keep the others open.
      }
    }
  }
}

