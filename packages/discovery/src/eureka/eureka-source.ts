import { type Duration, MeshError, parseDuration, TimerCallback } from "@enmesh/core";

import { Announcer } from "../announcer.ts";
import { pauseAfter } from "../backoff.ts";
import type { DiscoverySource } from "../source.ts";
import { EurekaClient, type EurekaClientOptions } from "./eureka-client.ts";
import { type EurekaApplications, EurekaRegistry, readApplications } from "./eureka-registry.ts";

export interface EurekaSourceOptions extends Omit<EurekaClientOptions, "timeoutMs"> {
  /** How often the server is asked for what changed; chance moves each time by up to a tenth. @default 30000 */
  readonly everyMs?: Duration;
  /** How long one answer may take. @default 5000 */
  readonly timeoutMs?: Duration;
  /** Closes the source. */
  readonly signal?: AbortSignal;
}

const retry = Object.freeze({ firstMs: 500, maxMs: 15_000 });

/**
 * Discovery through a Eureka server: the whole registry once, then what changed, with the server's hash as a check; when it does not agree, the
 * whole again. Eureka knows no push: news arrives with the next question, and with what the server's own cache adds.
 *
 * The names of services are those of the applications, in small letters.
 *
 * @example
 * ```ts
 * import { createRuntime } from "@enmesh/core";
 * import { eurekaSource } from "@enmesh/discovery";
 *
 * const source = eurekaSource({ url: "http://127.0.0.1:8761/eureka", everyMs: "5s", runtime: createRuntime() });
 * source.close();
 * ```
 */
export function eurekaSource(options: EurekaSourceOptions): DiscoverySource {
  const { runtime, signal } = options;
  const everyMs = parseDuration(options.everyMs ?? 30_000);
  const client = new EurekaClient({ ...options, timeoutMs: parseDuration(options.timeoutMs ?? 5_000) });
  const registry = new EurekaRegistry();
  const announcer = new Announcer();
  const timer = new TimerCallback(() => void look());
  let isWhole = false;
  let era = client.era;
  let failures = 0;
  let isClosed = false;

  async function look(): Promise<void> {
    try {
      if (client.era !== era) isWhole = false;
      era = client.era;
      await refresh();
      if (isClosed) return;
      failures = 0;
      announcer.tell(registry.services());
      runtime.timers.schedule(timer, everyMs * (0.9 + 0.2 * runtime.random()));
    } catch (error) {
      if (!isClosed) failed(error as MeshError);
    }
  }
  async function refresh(): Promise<void> {
    const delta = isWhole ? await fetched("/apps/delta") : undefined;
    if (delta !== undefined) {
      registry.apply(delta);
      if (registry.hash === delta.hash) return;
    }
    isWhole = false;
    const whole = await fetched("/apps");
    if (whole === undefined) throw client.refused({ status: 404, text: "/apps" });
    registry.replace(whole);
    isWhole = true;
  }
  /** Undefined when the server does not serve this: it may have deltas switched off. */
  async function fetched(path: string): Promise<EurekaApplications | undefined> {
    const answer = await client.ask("GET", path);
    if ((answer.status === 403 || answer.status === 404) && path !== "/apps") return undefined;
    if (answer.status >= 300) throw client.refused(answer);
    const applications = readApplications(parsed(answer.text));
    if (applications === undefined) throw notUnderstood(client.name);
    return applications;
  }
  function failed(error: MeshError): void {
    failures += 1;
    isWhole = false;
    // Another server may do better: it is asked at once, and only when all have failed it is trouble.
    const hasOther = client.era !== era && failures < client.addresses;
    runtime.timers.schedule(timer, hasOther ? 0 : pauseAfter(failures, retry, runtime.random));
    if (!hasOther) announcer.trouble(error);
  }
  function close(): void {
    isClosed = true;
    signal?.removeEventListener("abort", close);
    runtime.timers.cancel(timer);
    announcer.close();
    client.close();
  }
  signal?.addEventListener("abort", close, { once: true });
  if (signal?.aborted === true) close();
  else void look();

  return {
    name: client.name,
    watchNames: (listener, onTrouble) => announcer.watchNames(listener, onTrouble),
    watchInstances: (service, listener, onTrouble) => announcer.watchInstances(service, listener, onTrouble),
    close,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function notUnderstood(name: string): MeshError {
  return new MeshError(
    "ENMESH_REGISTRY_REFUSED",
    `${name} answers with something that is not a Eureka registry; check that the url is where its API begins, such as http://127.0.0.1:8761/eureka`,
  );
}
