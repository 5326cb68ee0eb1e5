import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

import { isLoopback } from "./loopback.ts";

export interface GateOptions {
  /** Asked of every request, when set. */
  readonly token: string | undefined;
  /** Names under which the registry may be called, besides those of this machine. */
  readonly hosts: readonly string[];
}

/** Why a request may not come in; undefined when it may. */
export type Gate = (headers: IncomingHttpHeaders, query: URLSearchParams) => string | undefined;

/**
 * Guards the registry against two kinds of callers. A web page in the operator's browser can reach this machine: it gives
 * itself away by its Origin, or, after it has bent its own name to our address, by the Host it calls. And when a token is
 * set, whoever does not know it. A page cannot know it either, so with a token any Host will do.
 */
export function makeGate({ token, hosts }: GateOptions): Gate {
  const expected = token === undefined ? undefined : digest(token);
  const allowed = new Set(hosts.map((host) => host.toLowerCase()));

  return (headers, query) => {
    const host = headers.host === undefined ? undefined : hostName(headers.host);
    if (expected === undefined && host !== undefined && !isLoopback(host) && !allowed.has(host)) {
      return `Forbidden host ${JSON.stringify(host)}: this registry answers to its own machine; call it as 127.0.0.1 or localhost, or list the name in "allowedHosts"`;
    }
    if (headers.origin !== undefined && !isSameOrigin(headers.origin, headers.host)) return "Forbidden origin";
    if (expected === undefined) return undefined;
    const given = tokenOf(headers, query);
    return given !== undefined && timingSafeEqual(digest(given), expected) ? undefined : "Permission denied";
  };
}

/** Where Consul looks for a token, in its order. */
function tokenOf(headers: IncomingHttpHeaders, query: URLSearchParams): string | undefined {
  const inQuery = query.size === 0 ? null : query.get("token");
  if (inQuery !== null && inQuery !== "") return inQuery;
  const own = headers["x-consul-token"];
  if (typeof own === "string" && own !== "") return own;
  return /^Bearer +(.+)$/i.exec(headers.authorization ?? "")?.[1];
}

/** Equal lengths, so that comparing takes equal time. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function hostName(host: string): string {
  return host.replace(/:\d*$/, "").toLowerCase();
}

function isSameOrigin(origin: string, host: string | undefined): boolean {
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}
