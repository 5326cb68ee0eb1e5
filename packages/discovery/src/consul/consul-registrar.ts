import { type Duration, type Instance, type InstanceStatus, parseDuration } from "@enmesh/core";

import type { Registrar } from "../source.ts";
import { type CallOptions, ConsulClient, type ConsulClientOptions } from "./consul-client.ts";
import { registryError, statusOf, textOf } from "./registry-error.ts";
import { checkIdOf, writeInstance } from "./write-instance.ts";

export interface ConsulRegistrarOptions extends ConsulClientOptions {
  /** How long one write may take. @default 2000 */
  readonly timeoutMs?: Duration;
}

/**
 * Announces instances through the Consul HTTP API, with a TTL check that carries the status: passing is UP, critical with a note is everything else. It
 * has connections of its own, so that it can be closed last.
 */
export function consulRegistrar(options: ConsulRegistrarOptions): Registrar {
  const timeoutMs = parseDuration(options.timeoutMs ?? 2_000);
  const client = new ConsulClient(options);
  const { name } = client;
  const write = (send: (consul: ConsulClient["consul"], call: CallOptions) => Promise<unknown>): Promise<unknown> =>
    client.ask(send, timeoutMs).answer;

  return {
    name,
    async register(instance, lease) {
      try {
        await write((consul, call) => putRegistration(consul, call, writeInstance(instance, lease)));
      } catch (error) {
        throw registryError(name, error);
      }
    },
    async report(instance, status, note) {
      try {
        await write((consul, call) => putStatus(consul, call, instance, status, note));
        return "taken";
      } catch (error) {
        if (isUnknownCheck(error)) return "unknown";
        throw registryError(name, error);
      }
    },
    async deregister({ id }) {
      try {
        await write((consul, call) => consul.agent.service.deregister({ id, ...call }));
      } catch (error) {
        if (statusOf(error) !== 404) throw registryError(name, error);
      }
    },
    close: () => client.close(),
  };
}

/** The client's own `register` leaves `Weights` out, so the request is made one step below it. */
async function putRegistration(
  consul: ConsulClient["consul"],
  { ctx, token }: CallOptions,
  body: object,
): Promise<unknown> {
  const below = consul as unknown as { _put(request: object): Promise<{ body: unknown }> };
  const headers = token === undefined ? {} : { "x-consul-token": token };
  const response = await below._put({
    name: "agent.service.register",
    path: "/agent/service/register",
    type: "json",
    body,
    headers,
    ctx,
  });
  return [response, response.body];
}

function putStatus(
  consul: ConsulClient["consul"],
  call: CallOptions,
  instance: Instance,
  status: InstanceStatus,
  note: string,
): Promise<unknown> {
  const id = checkIdOf(instance);
  if (status === "UP") return consul.agent.check.pass({ id, ...call });
  return consul.agent.check.fail({ id, note, ...call });
}

/** Consul says 404 `Unknown check ID …` since 1.12 or so, and 500 `CheckID … does not have associated TTL` before. */
function isUnknownCheck(error: unknown): boolean {
  if (statusOf(error) === 404) return true;
  return statusOf(error) === 500 && /unknown check|does not have associated TTL/i.test(textOf(error));
}
