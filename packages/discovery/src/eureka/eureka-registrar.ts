import { type Duration, type Instance, type InstanceStatus, parseDuration } from "@enmesh/core";

import type { Lease, Registrar } from "../source.ts";
import { type EurekaAnswer, EurekaClient, type EurekaClientOptions } from "./eureka-client.ts";
import { writeInstance } from "./write-instance.ts";

export interface EurekaRegistrarOptions extends Omit<EurekaClientOptions, "timeoutMs"> {
  /** How long one write may take. @default 2000 */
  readonly timeoutMs?: Duration;
}

/** The pace that Eureka's own clients keep. */
export const eurekaLease: Readonly<{ heartbeatMs: number; ttlMs: number }> = Object.freeze({
  heartbeatMs: 30_000,
  ttlMs: 90_000,
});

const usualLease: Lease = Object.freeze({ ttlMs: eurekaLease.ttlMs, deregisterAfterMs: eurekaLease.ttlMs });

/**
 * Announces instances to a Eureka cluster. A heartbeat is a renewal; a change of status is a new registration, the one word that no server
 * keeps an older copy against.
 */
export function eurekaRegistrar(options: EurekaRegistrarOptions): Registrar {
  const { runtime } = options;
  const client = new EurekaClient({ ...options, timeoutMs: parseDuration(options.timeoutMs ?? 2_000) });
  let lease = usualLease;
  let told: InstanceStatus | undefined;
  let lastDirty = 0;
  /** The one that the server has: a renewal with a later one would ask it to forget us. */
  let toldDirty = 0;

  /** Never the same and never less, whatever the calendar does: the server keeps the copy with the later one. */
  function nextDirty(): number {
    lastDirty = Math.max(lastDirty + 1, Math.round(runtime.clock.wall()));
    return lastDirty;
  }
  async function announce(instance: Instance, status: InstanceStatus): Promise<void> {
    const dirty = nextDirty();
    const answer = await client.ask("POST", appPath(instance), writeInstance(instance, status, lease, dirty));
    if (answer.status >= 300) throw client.refused(answer);
    told = status;
    toldDirty = dirty;
  }
  /** A server keeps a present "up" against a registration that says otherwise; an override it takes. */
  async function override(instance: Instance, method: string, status: InstanceStatus): Promise<"taken" | "unknown"> {
    const dirty = nextDirty();
    const path = `${instancePath(instance)}/status?value=${status}&lastDirtyTimestamp=${dirty}`;
    const answer = written(await client.ask(method, path));
    if (answer === "unknown") return answer;
    told = status;
    toldDirty = dirty;
    return answer;
  }
  function written(answer: EurekaAnswer): "taken" | "unknown" {
    if (answer.status === 404) return "unknown";
    if (answer.status >= 300) throw client.refused(answer);
    return "taken";
  }
  const renewal = (instance: Instance): string =>
    `${instancePath(instance)}?status=${told ?? "UP"}&lastDirtyTimestamp=${toldDirty}`;

  return {
    name: client.name,
    preferred: eurekaLease,
    register(instance, given) {
      lease = given;
      return announce(instance, instance.status);
    },
    async report(instance, status) {
      if (status === told) return written(await client.ask("PUT", renewal(instance)));
      if (status === "OUT_OF_SERVICE") return override(instance, "PUT", status);
      if (told === "OUT_OF_SERVICE") await override(instance, "DELETE", "UP");
      await announce(instance, status);
      return "taken";
    },
    async deregister(instance) {
      const answer = await client.ask("DELETE", instancePath(instance));
      if (answer.status >= 300 && answer.status !== 404) throw client.refused(answer);
    },
    beat: (instance, status) =>
      status === "UP"
        ? client.plain("PUT", renewal(instance))
        : client.plain("POST", appPath(instance), writeInstance(instance, status, lease, nextDirty())),
    close: () => client.close(),
  };
}

function appPath({ service }: Instance): string {
  return `/apps/${encodeURIComponent(service.toUpperCase())}`;
}

function instancePath(instance: Instance): string {
  return `${appPath(instance)}/${encodeURIComponent(instance.id)}`;
}
