import { type Duration, type Instance, type MeshError, parseDuration } from "@enmesh/core";

import type { DiscoverySource, Watch } from "../source.ts";
import { BlockingWatch } from "./blocking-watch.ts";
import { type CallOptions, ConsulClient, type ConsulClientOptions } from "./consul-client.ts";
import { readInstance } from "./read-instance.ts";

export interface ConsulSourceOptions extends ConsulClientOptions {
  /** How long the registry may hold a question when nothing changes. A silent loss of the connection is noticed after this time. @default 30000 */
  readonly waitMs?: Duration;
}

/** A question that does not wait for changes is answered within this time, or not at all. */
const promptMs = 5_000;

/**
 * Discovery through the Consul HTTP API: the embedded registry, or a real Consul. One held connection for the names and one per watched service;
 * a change arrives as soon as the registry knows it.
 *
 * The service `consul`, which a Consul server registers for itself, is left out: it takes no HTTP calls.
 *
 * @example
 * ```ts
 * import { createRuntime } from "@enmesh/core";
 * import { consulSource } from "@enmesh/discovery";
 *
 * const source = consulSource({ url: "http://127.0.0.1:8500", runtime: createRuntime() });
 * source.close();
 * ```
 */
export function consulSource(options: ConsulSourceOptions): DiscoverySource {
  const waitMs = parseDuration(options.waitMs ?? 30_000);
  const client = new ConsulClient(options);
  const { name } = client;
  const { runtime } = options;
  const watches = new Set<Watch>();

  function follow(question: Question, deliver: (body: unknown) => void, onTrouble: (error: MeshError) => void): Watch {
    // A registry adds up to a sixteenth to the wait, to spread the answers.
    const heldMs = waitMs * (1 + 1 / 16) + 2_000;
    const ask = (index: bigint): ReturnType<ConsulClient["ask"]> => {
      const held = index === 0n ? {} : { index: String(index), wait: `${Math.round(waitMs)}ms` };
      return client.ask((consul, call) => question(consul, { ...call, ...held }), index === 0n ? promptMs : heldMs);
    };
    const watch = new BlockingWatch({ name, ask, deliver, onTrouble, runtime });
    watches.add(watch);
    return {
      stop: () => {
        watches.delete(watch);
        watch.stop();
      },
    };
  }

  return {
    name,
    watchNames: (listener, onTrouble) =>
      follow(
        (consul, call) => consul.catalog.service.list(call),
        (body) => listener(namesIn(body)),
        onTrouble,
      ),
    watchInstances: (service, listener, onTrouble) =>
      follow(
        (consul, call) => consul.health.service({ service, ...call }),
        (body) => listener(instancesIn(service, body)),
        onTrouble,
      ),
    close: () => {
      for (const watch of watches) watch.stop();
      watches.clear();
      client.close();
    },
  };
}

type Question = (consul: ConsulClient["consul"], call: CallOptions) => Promise<unknown>;

function namesIn(body: unknown): ReadonlySet<string> {
  const names = typeof body === "object" && body !== null ? Object.keys(body) : [];
  return new Set(names.filter((name) => name !== "consul"));
}

function instancesIn(service: string, body: unknown): readonly Instance[] {
  return Array.isArray(body) ? body.map((element: unknown) => readInstance(service, element)) : [];
}
