import { type Identity, parseDuration, type Runtime } from "@enmesh/core";
import {
  consulRegistrar,
  consulSource,
  createDirectory,
  createRegistration,
  type Directory,
  staticSource,
} from "@enmesh/discovery";
import { accessLog, createLogger, inboundLog, logEvents, type Logger } from "@enmesh/logging";
import { createMetrics, type Metrics } from "@enmesh/metrics";
import { createTracing, flushSpans, withoutInstrumentation } from "@enmesh/tracing";
import { Agent } from "undici";
import { type Admin, startAdmin } from "./admin.ts";
import type { Closers } from "./closers.ts";
import type { MeshOptions } from "./config/options.ts";
import { Destinations } from "./destinations.ts";
import { createSender, type Sender } from "./doors/sender.ts";
import { instanceOf } from "./identity.ts";
import { Inbound } from "./inbound.ts";
import { Membership } from "./membership.ts";
import { outbound } from "./outbound.ts";
import { policiesOf } from "./policies.ts";
import { openRegistry, shownUrl, snapshotIn, waitForRegistry } from "./registry-access.ts";
import { createRouting } from "./routing.ts";
import { createServiceNames } from "./service-names.ts";
import { type MeshState, stateOf } from "./state.ts";
import { Pools } from "./transport/pools.ts";
import { probe } from "./transport/probe.ts";
import { untraced } from "./untraced.ts";

/** The parts of a running mesh. */
export interface MeshParts {
  readonly sender: Sender;
  readonly inbound: Inbound;
  readonly membership: Membership;
  readonly log: Logger;
  readonly metrics: Metrics | undefined;
  readonly adminUrl: string | undefined;
  readonly registryUrl: string | undefined;
  readonly state: () => MeshState;
}

/** Makes every part of a mesh and joins them. What is opened is given to `closers` at once, so that a failure half-way leaves nothing open. */
export async function assemble(
  options: MeshOptions,
  runtime: Runtime,
  identity: Identity,
  closers: Closers,
): Promise<MeshParts> {
  const { events } = runtime;
  const log = createLogger({ identity, level: options.log === false ? "silent" : (options.log?.level ?? "info") });
  closers.add(logEvents(log, events));
  const access = options.log === false ? "off" : (options.log?.access ?? "all");
  const isLogged = access !== "off";
  const metrics = options.metrics === false ? undefined : createMetrics({ identity, unansweredAs: "status" });
  if (metrics !== undefined) closers.add(metrics.listen(events));
  const tracing = options.tracing === false ? undefined : createTracing({ identity, random: runtime.random });
  if (tracing !== undefined) closers.add(() => flushSpans());

  const registry = await openRegistry(options, closers);
  const source = registry === undefined ? staticSource(options.services ?? {}) : consulSource({ ...registry, runtime });
  const snapshot = snapshotIn(options.snapshot, identity);
  const directory = createDirectory({ source, runtime, probe: (endpoint) => probe(endpoint), snapshot });
  closers.add(() => directory.close());

  const pools = new Pools({ connectTimeoutMs: parseDuration(options.connectTimeout ?? 1_000), maxConnections: 256 });
  closers.add(() => pools.destroy());
  const destinations = new Destinations(directory, (endpoint) => pools.forget(endpoint));
  const routing = await createRouting({
    directory: options.policies,
    destinations,
    identity,
    labels: options.labels ?? {},
    runtime,
  });
  closers.add(() => routing.close());

  const policies = policiesOf(options, runtime);
  closers.add(() => policies.balancer.close());
  const pipeline = outbound({
    ...policies,
    metrics: metrics?.outbound,
    log: isLogged ? accessLog(log, { accessLog: access, ...(tracing && { traceOf: tracing.traceOf }) }) : undefined,
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
    serviceOf: createServiceNames(directory, routing, identity.namespace),
    outside,
  });
  closers.add(() => sender.close());

  const drain = {
    propagationMs: parseDuration(options.drain?.propagation ?? 2_000),
    inFlightMs: parseDuration(options.drain?.inFlight ?? 25_000),
  };
  const inbound = new Inbound({
    runtime,
    startTrace:
      tracing === undefined ? untraced : (header, method, path) => tracing.inbound.start(header, method, path),
    observers: [...(metrics ? [metrics.inbound] : []), ...(isLogged ? [inboundLog(log, { accessLog: access })] : [])],
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
              healthCheck: options.healthCheck,
              livenessTimeoutMs: livenessOf(options),
            }),
  });

  const state = (): MeshState =>
    stateOf({
      identity,
      membership,
      inbound,
      directory,
      destinations,
      routing,
      metrics,
      registryUrl: shownUrl(registry),
    });
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

  return { sender, inbound, membership, log, metrics, adminUrl: admin?.url, registryUrl: shownUrl(registry), state };
}

/** How long another thread beats for us; never shorter than a heartbeat that was made long. */
function livenessOf({ livenessTimeout, heartbeat = 5_000 }: MeshOptions): number | false {
  return livenessTimeout === false
    ? false
    : parseDuration(livenessTimeout ?? Math.max(30_000, parseDuration(heartbeat)));
}

function notReady(directory: Directory, membership: Membership): string | undefined {
  if (membership.isDraining) return "draining";
  if (membership.state === "joining") return "not registered yet";
  if (directory.isKnown("") === undefined) return `no word from ${directory.source} yet`;
  return undefined;
}
