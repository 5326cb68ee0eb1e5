import { EventEmitter } from "node:events";
import type { Agent, IncomingHttpHeaders } from "node:http";

import { ConfigError, type Runtime, TimerCallback } from "@enmesh/core";
import Consul from "consul";

import { createRegistryAgent } from "./registry-agent.ts";
import { unreachable } from "./registry-error.ts";

export interface ConsulClientOptions {
  /** Where the registry listens: `http://127.0.0.1:8500`. */
  readonly url: string;
  /** Sent as `X-Consul-Token`. */
  readonly token?: string | undefined;
  readonly runtime: Runtime;
}

/** An answer with the headers that tell its index. */
export interface ConsulAnswer {
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** A question under way. Its answer always settles: with an error after `cancel`. */
export interface Pending {
  readonly answer: Promise<ConsulAnswer>;
  cancel(): void;
}

/** What every request of the npm client takes. */
export interface CallOptions {
  readonly token?: string;
  readonly ctx: EventEmitter;
}

/** The npm client gives the response along with the body to a context that says so. */
class RequestContext extends EventEmitter {
  readonly includeResponse = true;
}

/**
 * The npm `consul` client, with its own connections, and with the mesh's time instead of one timer per request. Its `watch` is not used: it
 * pauses on a clock of its own, without jitter, asks with the old index after a failure, and ends for good on a 400.
 */
export class ConsulClient {
  readonly name: string;
  readonly consul: Consul;
  readonly #agent: Agent;
  readonly #token: string | undefined;
  readonly #runtime: Runtime;
  readonly #pending = new Set<Pending>();
  #isClosed = false;

  constructor({ url, token, runtime }: ConsulClientOptions) {
    const parsed = checkUrl(url);
    this.name = `registry ${parsed.origin}${parsed.pathname.replace(/\/$/, "")}`;
    this.#token = token;
    this.#runtime = runtime;
    this.#agent = createRegistryAgent(parsed.protocol === "https:");
    const baseUrl = new URL(parsed);
    baseUrl.pathname = `${parsed.pathname.replace(/\/$/, "")}/v1`;
    // `baseUrl` is missing from the client's types; it is the only way to give a path in front of /v1.
    this.consul = new Consul({ baseUrl, agent: this.#agent } as unknown as ConstructorParameters<typeof Consul>[0]);
  }

  /** Asks once. `holdsProcess` keeps the process alive until the answer or the end of the time. */
  ask(
    send: (consul: Consul, options: CallOptions) => Promise<unknown>,
    timeoutMs: number,
    holdsProcess = false,
  ): Pending {
    const { timers, clock } = this.#runtime;
    const context = new RequestContext();
    let isLate = false;
    let isCancelled = false;
    let wasGivenTime = false;
    const timer = new TimerCallback(() => {
      const distrustMs = this.#runtime.distrustsItselfUntil - clock.now();
      if (distrustMs > 0 && !wasGivenTime) {
        // Our own loop was blocked: the answer may be waiting behind this timer.
        wasGivenTime = true;
        return timers.schedule(timer, distrustMs, holdsProcess);
      }
      isLate = true;
      context.emit("cancel");
    });
    const options: CallOptions = { ctx: context, ...(this.#token === undefined ? {} : { token: this.#token }) };

    const exchange = async (): Promise<ConsulAnswer> => {
      if (this.#isClosed || isCancelled) throw unreachable(this.name, "its client is closed");
      timers.schedule(timer, timeoutMs, holdsProcess);
      try {
        const [response, body] = (await send(this.consul, options)) as [{ headers: IncomingHttpHeaders }, unknown];
        return { headers: response.headers, body };
      } catch (error) {
        throw isLate ? unreachable(this.name, `no answer within ${timeoutMs} ms`, error) : error;
      } finally {
        timers.cancel(timer);
        this.#pending.delete(pending);
      }
    };
    const cancel = (): void => {
      isCancelled = true;
      context.emit("cancel");
    };
    const pending: Pending = { cancel, answer: Promise.resolve().then(exchange) };
    this.#pending.add(pending);
    return pending;
  }

  close(): void {
    this.#isClosed = true;
    for (const pending of this.#pending) pending.cancel();
    this.#agent.destroy();
  }
}

function checkUrl(url: string): URL {
  const parsed = URL.parse(url);
  if (parsed !== null && (parsed.protocol === "http:" || parsed.protocol === "https:")) return parsed;
  throw new ConfigError(
    "registry",
    [{ path: "url", message: `must be like "http://127.0.0.1:8500", got ${JSON.stringify(url)}` }],
    "ENMESH_OPTION_INVALID",
  );
}
