import { type Duration, type Instance, type InstanceStatus, parseDuration } from "@enmesh/core";

import type { Registrar } from "../source.ts";
import { type CallOptions, type ConsulApi, ConsulClient, type ConsulClientOptions } from "./consul-client.ts";
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
  const write = (send: (consul: ConsulApi, call: CallOptions) => Promise<unknown>): Promise<unknown> =>
    client.ask(send, timeoutMs).answer;

  /** Where it was registered: an agent that we have left must not go on telling of us. */
  const registeredAt = new Set<number>();
  const stands = (instance: Instance, at: number): void => {
    registeredAt.add(at);
    for (const other of registeredAt) if (other !== at) void leave(instance, other, at);
  };
  /** Whoever cannot be reached forgets us by itself when the lease is over. */
  async function leave({ id }: Instance, other: number, at: number): Promise<void> {
    registeredAt.delete(other);
    const nodes = await Promise.all([other, at].map((one) => nodeAt(client, one, timeoutMs).catch(() => undefined)));
    // Two addresses of one agent: what is taken back there is taken back here.
    if (nodes[0] === undefined || nodes[0] === nodes[1]) return;
    const send = (consul: ConsulApi, call: CallOptions): Promise<unknown> =>
      consul.agent.service.deregister({ id, ...call });
    await client.askAt(other, send, timeoutMs).answer.catch(() => {});
  }

  return {
    name,
    async register(instance, lease) {
      try {
        const at = client.current;
        await write((consul, call) => putRegistration(consul, call, writeInstance(instance, lease)));
        stands(instance, at);
      } catch (error) {
        throw registryError(name, error);
      }
    },
    async report(instance, status, note) {
      try {
        const at = client.current;
        await write((consul, call) => putStatus(consul, call, instance, status, note));
        stands(instance, at);
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
    beat: (instance, status, note) => {
      const verb = status === "UP" ? "pass" : "fail";
      const query = status === "UP" ? "" : `?note=${encodeURIComponent(note)}`;
      return client.plain("PUT", `/v1/agent/check/${verb}/${encodeURIComponent(checkIdOf(instance))}${query}`);
    },
    close: () => client.close(),
  };
}

/** The client's own `register` leaves `Weights` out, so the request is made one step below it. */
async function putRegistration(consul: ConsulApi, { ctx, token }: CallOptions, body: object): Promise<unknown> {
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
  consul: ConsulApi,
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

/** Which agent answers at an address. */
async function nodeAt(client: ConsulClient, at: number, timeoutMs: number): Promise<string | undefined> {
  const { body } = await client.askAt(at, (consul, call) => consul.agent.self(call), timeoutMs).answer;
  const { Config: config } = body as { readonly Config?: Readonly<Record<string, unknown>> };
  const name = [config?.["NodeID"], config?.["NodeName"]].filter((part) => typeof part === "string");
  return name.length === 0 ? undefined : name.join(" ");
}
