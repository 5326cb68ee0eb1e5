import type { IncomingHttpHeaders } from "node:http";

import { anyone, type Caller } from "../access/rights.ts";
import type { FindCaller } from "../access/tokens.ts";
import { isLoopback } from "./loopback.ts";

export interface GateOptions {
  /** Who has which token; undefined when none is asked for. */
  readonly findCaller: FindCaller | undefined;
  /** Names under which the registry may be called, besides those of this machine. */
  readonly hosts: readonly string[];
}

/** Who comes in, or the sentence that says why not. */
export type Gate = (headers: IncomingHttpHeaders, query: URLSearchParams) => Caller | string;

/**
 * Guards the registry against two kinds of callers. A web page in the operator's browser can reach this machine: it gives
 * itself away by its Origin, or, after it has bent its own name to our address, by the Host it calls. And when tokens are
 * set, whoever knows none. A page cannot know one either, so with tokens any Host will do.
 */
export function makeGate({ findCaller, hosts }: GateOptions): Gate {
  const allowed = new Set(hosts.map((host) => host.toLowerCase()));

  return (headers, query) => {
    if (findCaller === undefined && headers.host !== undefined) {
      const host = hostName(headers.host);
      if (!isLoopback(host) && !allowed.has(host)) {
        return `Forbidden host ${JSON.stringify(host)}: this registry answers to its own machine; call it as 127.0.0.1 or localhost, or list the name in "allowedHosts"`;
      }
    }
    if (headers.origin !== undefined && !isSameOrigin(headers.origin, headers.host)) return "Forbidden origin";
    if (findCaller === undefined) return anyone;
    const given = tokenOf(headers, query);
    return (given === undefined ? undefined : findCaller(given)) ?? "Permission denied";
  };
}

/** Where Consul looks for a token, in its order; then where clients of Eureka can put one, in the user part of their URL. */
function tokenOf(headers: IncomingHttpHeaders, query: URLSearchParams): string | undefined {
  const inQuery = query.size === 0 ? null : query.get("token");
  if (inQuery !== null && inQuery !== "") return inQuery;
  const own = headers["x-consul-token"];
  if (typeof own === "string" && own !== "") return own;
  const { authorization = "" } = headers;
  return /^Bearer +(.+)$/i.exec(authorization)?.[1] ?? basicToken(/^Basic +([\w+/=-]+)$/i.exec(authorization)?.[1]);
}

/** The password; or the name, where there is no password. */
function basicToken(encoded: string | undefined): string | undefined {
  if (encoded === undefined) return undefined;
  const pair = Buffer.from(encoded, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  return (colon === -1 ? pair : pair.slice(colon + 1) || pair.slice(0, colon)) || undefined;
}

function hostName(host: string): string {
  return host.replace(/:\d*$/, "").toLowerCase();
}

function isSameOrigin(origin: string, host: string | undefined): boolean {
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}
