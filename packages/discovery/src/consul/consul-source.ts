import { type Duration, type Instance, type MeshError, parseDuration } from "@enmesh/core";

import { Fleet } from "../fleet.ts";
import { oneOfEach } from "../one-of-each.ts";
import type { DiscoverySource, Watch } from "../source.ts";
import { BlockingWatch } from "./blocking-watch.ts";
import { type CallOptions, type ConsulApi, ConsulClient, type ConsulClientOptions } from "./consul-client.ts";
import { readInstance } from "./read-instance.ts";

export interface ConsulSourceOptions extends ConsulClientOptions {
  /** How long the registry may hold a question when nothing changes. A silent loss of the connection is noticed after this time. @default 30000 */
  readonly waitMs?: Duration;
  /** Lets every server of a Consul cluster answer, not only its leader: less load, and answers up to a moment old. @default false */
  readonly allowStale?: boolean;
  /** Closes the source. */
  readonly signal?: AbortSignal;
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
  const fleet = new Fleet();
  const consistency = options.allowStale === true ? { stale: true } : {};

  function follow(question: Question, deliver: (body: unknown) => void, onTrouble: (error: MeshError) => void): Watch {
    // A registry adds up to a sixteenth to the wait, to spread the answers.
    const heldMs = waitMs * (1 + 1 / 16) + 2_000;
    const ask = (index: bigint): ReturnType<ConsulClient["ask"]> => {
      // Up to a sixteenth less than was asked for: together with the registry's own jitter, no two clients stay in step.
      const wait = Math.round(waitMs * (1 - runtime.random() / 16));
      const held = index === 0n ? {} : { index: String(index), wait: `${wait}ms` };
      const call = (consul: ConsulApi, given: CallOptions): Promise<unknown> =>
        question(consul, { ...given, ...consistency, ...held });
      return client.ask(call, index === 0n ? promptMs : heldMs);
    };
    const watch = new BlockingWatch({
      name,
      ask,
      deliver,
      onTrouble,
      runtime,
      era: () => client.era,
      addresses: client.addresses,
      spreadMs: () => fleet.spreadMs,
    });
    watches.add(watch);
    return {
      stop: () => {
        watches.delete(watch);
        watch.stop();
      },
    };
  }

  function close(): void {
    options.signal?.removeEventListener("abort", close);
    for (const watch of watches) watch.stop();
    watches.clear();
    client.close();
  }
  options.signal?.addEventListener("abort", close, { once: true });
  if (options.signal?.aborted === true) close();

  return {
    name,
    watchNames: (listener, onTrouble) =>
      follow(
        (consul, call) => consul.catalog.service.list(call),
        (body) => {
          const names = namesIn(body);
          fleet.named(names.size);
          listener(names);
        },
        onTrouble,
      ),
    watchInstances: (service, listener, onTrouble) => {
      const watch = follow(
        (consul, call) => consul.health.service({ service, ...call }),
        (body) => {
          const instances = instancesIn(service, body);
          fleet.told(service, instances.length);
          listener(instances);
        },
        onTrouble,
      );
      return {
        stop: () => {
          fleet.forget(service);
          watch.stop();
        },
      };
    },
    close,
  };
}

type Question = (consul: ConsulApi, call: CallOptions) => Promise<unknown>;

function namesIn(body: unknown): ReadonlySet<string> {
  const names = typeof body === "object" && body !== null ? Object.keys(body) : [];
  return new Set(names.filter((name) => name !== "consul"));
}

function instancesIn(service: string, body: unknown): readonly Instance[] {
  return Array.isArray(body) ? oneOfEach(body.map((element: unknown) => readInstance(service, element))) : [];
}
