import { type Duration, type Instance, MeshError, parseDuration, type Runtime, TimerCallback } from "@enmesh/core";

import { pauseAfter } from "../backoff.ts";
import { Listeners } from "../listeners.ts";
import type { DiscoverySource, Watch } from "../source.ts";
import { DnsQuestions } from "./dns-questions.ts";

/** One service that is found by name. */
export interface DnsService {
  /** The name to ask for: `orders.shop.svc.cluster.local`, or `_http._tcp.orders.example.com` with `srv`. */
  readonly host: string;
  /** Asks for SRV records, which tell port and weight. @default false: addresses (A and AAAA) */
  readonly srv?: boolean;
  /** The port of all addresses; SRV records tell their own. */
  readonly port?: number;
  /** @default `http` */
  readonly protocol?: "http" | "https";
  readonly labels?: Readonly<Record<string, string>>;
  readonly version?: string;
  readonly zone?: string;
  readonly region?: string;
}

export interface DnsSourceOptions {
  readonly services: Readonly<Record<string, DnsService>>;
  readonly runtime: Runtime;
  /** The name servers to ask: `["10.0.0.10", "127.0.0.1:5353"]`. @default those of the system */
  readonly servers?: readonly string[];
  /** How long one question may take, all tries together. @default 4000 */
  readonly timeoutMs?: Duration;
  /** An answer is asked for again no sooner, whatever its TTL. @default 1000 */
  readonly minTtlMs?: Duration;
  /** And no later. SRV answers, whose TTL Node.js does not tell, count as that of their addresses. @default 60000 */
  readonly maxTtlMs?: Duration;
  /** Closes the source. */
  readonly signal?: AbortSignal;
}

const retry = Object.freeze({ firstMs: 500, maxMs: 15_000 });

/**
 * Discovery through the domain name system, with questions of its own: it never waits for the system's resolver, whose few threads a slow
 * name server fills. Every answer is asked for again when its TTL is over; whatever goes wrong (refused, late, no such name, nothing) leaves the last
 * good answer in place.
 *
 * @example
 * ```ts
 * import { createRuntime } from "@enmesh/core";
 * import { dnsSource } from "@enmesh/discovery";
 *
 * const source = dnsSource({ services: { orders: { host: "localhost", port: 3001 } }, runtime: createRuntime() });
 * source.close();
 * ```
 */
export function dnsSource(options: DnsSourceOptions): DiscoverySource {
  const { runtime, servers, signal } = options;
  const minTtlMs = parseDuration(options.minTtlMs ?? 1_000);
  const maxTtlMs = parseDuration(options.maxTtlMs ?? 60_000);
  const questions = new DnsQuestions({ servers, timeoutMs: parseDuration(options.timeoutMs ?? 4_000) });
  const services = new Map(
    Object.entries(options.services).map(([name, about]) => [name.toLowerCase(), { name, about }]),
  );
  const names = new Set(Object.keys(options.services));
  const closing = new Listeners<void>();
  let isClosed = false;

  function follow(
    service: string,
    about: DnsService,
    listener: (instances: readonly Instance[]) => void,
    onTrouble: (error: MeshError) => void,
  ): Watch {
    let isOver = false;
    let failures = 0;
    const timer = new TimerCallback(() => void ask());
    const ask = async (): Promise<void> => {
      try {
        const { found, ttlMs } = await questions.ask(about);
        if (isOver) return;
        failures = 0;
        listener(found.map((place) => instanceAt(service, about, place)));
        if (!isOver) runtime.timers.schedule(timer, Math.min(maxTtlMs, Math.max(minTtlMs, ttlMs)));
      } catch (error) {
        if (isOver) return;
        failures += 1;
        runtime.timers.schedule(timer, pauseAfter(failures, retry, runtime.random));
        onTrouble(dnsError(about, error));
      }
    };
    const stop = (): void => {
      isOver = true;
      forget();
      runtime.timers.cancel(timer);
    };
    const forget = closing.add(stop);
    void ask();
    return { stop };
  }

  function close(): void {
    isClosed = true;
    signal?.removeEventListener("abort", close);
    closing.tell();
    questions.close();
  }
  signal?.addEventListener("abort", close, { once: true });
  if (signal?.aborted === true) close();

  return {
    name: `dns ${servers === undefined ? "of the system" : servers.join(", ")}`,
    watchNames: (listener) => {
      if (!isClosed) listener(names);
      return { stop: () => {} };
    },
    watchInstances: (service, listener, onTrouble) => {
      const known = services.get(service.toLowerCase());
      if (known !== undefined && !isClosed) return follow(known.name, known.about, listener, onTrouble);
      if (!isClosed) listener([]);
      return { stop: () => {} };
    },
    close,
  };
}

function instanceAt(
  service: string,
  { protocol = "http", labels = {}, version, zone, region }: DnsService,
  { address, port, weight }: { readonly address: string; readonly port: number; readonly weight: number },
): Instance {
  return {
    id: `${service}@${address}:${port}`,
    service,
    address,
    port,
    protocol,
    labels: version === undefined ? labels : { ...labels, version },
    weight,
    status: "UP",
    ...(version === undefined ? {} : { version }),
    ...(zone === undefined ? {} : { zone }),
    ...(region === undefined ? {} : { region }),
  };
}

function dnsError({ host, srv }: DnsService, error: unknown): MeshError {
  const reason = error instanceof Error ? error.message : String(error);
  return new MeshError(
    "ENMESH_REGISTRY_UNREACHABLE",
    `${srv === true ? "SRV" : "A and AAAA"} of "${host}" cannot be had: ${reason}; check the name and the name servers`,
    { cause: error },
  );
}
