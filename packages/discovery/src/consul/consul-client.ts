import { EventEmitter } from "node:events";
import type { Agent, IncomingHttpHeaders } from "node:http";

import { ConfigError, type MeshError, type Runtime, TimerCallback } from "@enmesh/core";
import Consul from "consul";

import { Failover } from "../failover.ts";
import type { BeatRequest, TlsSettings } from "../pulse/beat-request.ts";
import { createRegistryAgent } from "../registry-agent.ts";
import { registryError, unreachable } from "./registry-error.ts";

export interface ConsulClientOptions {
  /** Where the registry listens: `http://127.0.0.1:8500`. Of several, the first is preferred; the others serve while it is away. */
  readonly url: string | readonly string[];
  /** Sent as `X-Consul-Token`. */
  readonly token?: string | undefined;
  /** For a registry at `https:`. */
  readonly tls?: TlsSettings | undefined;
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

/** The npm client of one address. */
export type ConsulApi = Consul;

type Send = (consul: Consul, options: CallOptions) => Promise<unknown>;

/** One address of the registry. */
interface Address {
  readonly url: string;
  readonly name: string;
  readonly consul: Consul;
  readonly agent: Agent;
}

/** The npm client gives the response along with the body to a context that says so. */
class RequestContext extends EventEmitter {
  readonly includeResponse = true;
}

/** How long the preferred address may take to say that it is back. */
const backMs = 2_000;

/**
 * The npm `consul` client, with its own connections, and with the mesh's time instead of one timer per request. Its `watch` is not used: it
 * pauses on a clock of its own, without jitter, asks with the old index after a failure, and ends for good on a 400.
 */
export class ConsulClient {
  readonly name: string;
  readonly addresses: number;
  readonly #addresses: readonly Address[];
  readonly #failover: Failover;
  readonly #token: string | undefined;
  readonly #tls: TlsSettings | undefined;
  readonly #runtime: Runtime;
  readonly #pending = new Set<Pending>();
  #isClosed = false;

  constructor({ url, token, tls, runtime }: ConsulClientOptions) {
    const urls = typeof url === "string" ? [url] : url;
    this.#addresses = (urls.length === 0 ? [""] : urls).map((one) => addressAt(checkUrl(one), tls));
    this.addresses = this.#addresses.length;
    this.name = `registry ${this.#addresses.map(({ url: one }) => one).join(", ")}`;
    this.#token = token;
    this.#tls = tls;
    this.#runtime = runtime;
    this.#failover = new Failover({
      count: this.addresses,
      runtime,
      isBack: async () => {
        await this.#ask(0, (consul, call) => consul.status.leader(call), backMs, false).answer;
        return true;
      },
    });
  }

  /** Grows when another address takes over: an index belongs to the one that gave it. */
  get era(): number {
    return this.#failover.era;
  }

  /** The address in use. */
  get current(): number {
    return this.#failover.current;
  }

  /** Asks once. `holdsProcess` keeps the process alive until the answer or the end of the time. */
  ask(send: Send, timeoutMs: number, holdsProcess = false): Pending {
    return this.#ask(this.#failover.current, send, timeoutMs, holdsProcess);
  }

  /** Asks one address, whichever is in use. */
  askAt(address: number, send: Send, timeoutMs: number): Pending {
    return this.#ask(address, send, timeoutMs, false);
  }

  /** The same as a plain request to the address in use, for somebody else to send. */
  plain(method: string, path: string): BeatRequest {
    const { url } = this.#addresses[this.#failover.current] as Address;
    const headers = this.#token === undefined ? {} : { "x-consul-token": this.#token };
    return { url: `${url}${path}`, method, headers, tls: this.#tls };
  }

  close(): void {
    this.#isClosed = true;
    this.#failover.close();
    for (const pending of this.#pending) pending.cancel();
    for (const { agent } of this.#addresses) agent.destroy();
  }

  #ask(at: number, send: Send, timeoutMs: number, holdsProcess: boolean): Pending {
    const { timers, clock } = this.#runtime;
    const { name, consul } = this.#addresses[at] as Address;
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
      if (this.#isClosed || isCancelled) throw unreachable(name, "its client is closed");
      timers.schedule(timer, timeoutMs, holdsProcess);
      try {
        const [response, body] = (await send(consul, options)) as [{ headers: IncomingHttpHeaders }, unknown];
        return { headers: response.headers, body };
      } catch (error) {
        const failure = isLate ? unreachable(name, `no answer within ${timeoutMs} ms`, error) : error;
        if (!isCancelled && isOutOfService(registryError(name, failure))) this.#failover.failed(at);
        throw failure;
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
}

/** Another address may do better. A refusal is the registry's word, whoever says it. */
function isOutOfService({ code }: MeshError): boolean {
  return code === "ENMESH_REGISTRY_UNREACHABLE";
}

function addressAt(parsed: URL, tls: TlsSettings | undefined): Address {
  const path = parsed.pathname.replace(/\/$/, "");
  const agent = createRegistryAgent(parsed.protocol === "https:", tls);
  const baseUrl = new URL(parsed);
  baseUrl.pathname = `${path}/v1`;
  const url = `${parsed.origin}${path}`;
  // `baseUrl` is missing from the client's types; it is the only way to give a path in front of /v1.
  const consul = new Consul({ baseUrl, agent } as unknown as ConstructorParameters<typeof Consul>[0]);
  return { url, name: `registry ${url}`, consul, agent };
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
