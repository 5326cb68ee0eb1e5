import { type Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

import { ConfigError, MeshError, type Runtime, TimerCallback } from "@enmesh/core";

import { Failover } from "../failover.ts";
import type { BeatRequest, TlsSettings } from "../pulse/beat-request.ts";
import { createRegistryAgent } from "../registry-agent.ts";

export interface EurekaClientOptions {
  /** Where the server's API begins: `http://127.0.0.1:8761/eureka`. Of several, the first is preferred; the others serve while it is away. */
  readonly url: string | readonly string[];
  /** For a server at `https:`. */
  readonly tls?: TlsSettings | undefined;
  readonly runtime: Runtime;
  /** How long one request may take. @default 5000 */
  readonly timeoutMs?: number;
}

export interface EurekaAnswer {
  readonly status: number;
  readonly text: string;
}

interface Address {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: Agent;
}

/** More than any registry has to say. */
const mostCharacters = 128 * 1_024 * 1_024;

/** Speaks JSON with the servers of a Eureka cluster, one at a time. Credentials in the URL go into a header, and into no message. */
export class EurekaClient {
  readonly name: string;
  readonly addresses: number;
  readonly #addresses: readonly Address[];
  readonly #failover: Failover;
  readonly #runtime: Runtime;
  readonly #timeoutMs: number;
  readonly #tls: TlsSettings | undefined;
  readonly #underWay = new Set<ClientRequest>();
  #isClosed = false;

  constructor({ url, tls, runtime, timeoutMs = 5_000 }: EurekaClientOptions) {
    const urls = typeof url === "string" ? [url] : url;
    this.#addresses = (urls.length === 0 ? [""] : urls).map((one) => addressAt(one, tls));
    this.addresses = this.#addresses.length;
    this.name = `Eureka ${this.#addresses.map(({ url: one }) => one).join(", ")}`;
    this.#runtime = runtime;
    this.#timeoutMs = timeoutMs;
    this.#tls = tls;
    // Nobody has this name: the answer is short, and it is an answer.
    const isBack = async (): Promise<boolean> => (await this.#ask(0, "GET", "/apps/ENMESH-IS-BACK")).status < 500;
    this.#failover = new Failover({ count: this.addresses, runtime, isBack });
  }

  get era(): number {
    return this.#failover.era;
  }

  /** Asks once. Whatever has a status below 500 is an answer; all else is an error, and the next question goes to another server. */
  async ask(method: string, path: string, body?: object): Promise<EurekaAnswer> {
    const at = this.#failover.current;
    try {
      const answer = await this.#ask(at, method, path, body);
      if (answer.status >= 500) throw new Error(`it answered ${answer.status}`);
      return answer;
    } catch (error) {
      if (!this.#isClosed) this.#failover.failed(at);
      throw this.#unreachable(at, error);
    }
  }

  /** The same as a plain request, for somebody else to send. */
  plain(method: string, path: string, body?: object): BeatRequest {
    const { url, headers } = this.#addresses[this.#failover.current] as Address;
    const text = body === undefined ? undefined : JSON.stringify(body);
    return { url: `${url}${path}`, method, headers: headersFor(headers, text), body: text, tls: this.#tls };
  }

  refused({ status, text }: EurekaAnswer): MeshError {
    const said = text.trim() === "" ? "" : ` (${text.trim().slice(0, 200)})`;
    const advice =
      status === 401 || status === 403
        ? "give user and password in the url"
        : "check that this url is where a Eureka API begins, such as http://127.0.0.1:8761/eureka";
    return new MeshError("ENMESH_REGISTRY_REFUSED", `${this.name} answered ${status}${said}; ${advice}`);
  }

  close(): void {
    this.#isClosed = true;
    this.#failover.close();
    for (const request of this.#underWay) request.destroy(new Error("its client is closed"));
    for (const { agent } of this.#addresses) agent.destroy();
  }

  #ask(at: number, method: string, path: string, body?: object): Promise<EurekaAnswer> {
    const { url, headers, agent } = this.#addresses[at] as Address;
    const { timers } = this.#runtime;
    const text = body === undefined ? undefined : JSON.stringify(body);
    if (this.#isClosed) return Promise.reject(new Error("its client is closed"));
    return new Promise((resolve, reject) => {
      const send = url.startsWith("https:") ? httpsRequest : httpRequest;
      const request = send(`${url}${path}`, { method, agent, headers: headersFor(headers, text) }, (answer) => {
        collect(answer).then(resolve, reject);
      });
      this.#underWay.add(request);
      const late = new TimerCallback(() => request.destroy(new Error(`no answer within ${this.#timeoutMs} ms`)));
      timers.schedule(late, this.#timeoutMs);
      request.once("error", reject);
      request.once("close", () => {
        timers.cancel(late);
        this.#underWay.delete(request);
      });
      request.end(text);
    });
  }

  #unreachable(at: number, error: unknown): MeshError {
    const { url } = this.#addresses[at] as Address;
    const first = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : (error as Error);
    const reason = (error as Error).message || first?.message || "unknown reason";
    return new MeshError(
      "ENMESH_REGISTRY_UNREACHABLE",
      `Eureka ${url} cannot be reached: ${reason}; start it or correct its url`,
      { cause: error },
    );
  }
}

function headersFor(headers: Readonly<Record<string, string>>, text: string | undefined): Record<string, string> {
  if (text === undefined) return { ...headers };
  return { ...headers, "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) };
}

async function collect(answer: IncomingMessage): Promise<EurekaAnswer> {
  let text = "";
  answer.setEncoding("utf8");
  for await (const part of answer) {
    text += String(part);
    if (text.length > mostCharacters) throw new Error("the answer does not end");
  }
  return { status: answer.statusCode ?? 0, text };
}

function addressAt(url: string, tls: TlsSettings | undefined): Address {
  const parsed = URL.parse(url);
  if (parsed === null || (parsed.protocol !== "http:" && parsed.protocol !== "https:")) {
    throw new ConfigError(
      "registry",
      [{ path: "url", message: `must be like "http://127.0.0.1:8761/eureka", got ${JSON.stringify(url)}` }],
      "ENMESH_OPTION_INVALID",
    );
  }
  const headers: Record<string, string> = { accept: "application/json" };
  if (parsed.username !== "") {
    const [user, password] = [decodeURIComponent(parsed.username), decodeURIComponent(parsed.password)];
    headers["authorization"] = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  }
  return {
    url: `${parsed.origin}${parsed.pathname.replace(/\/+$/, "")}`,
    headers,
    agent: createRegistryAgent(parsed.protocol === "https:", tls),
  };
}
