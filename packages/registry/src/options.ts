import { hostname } from "node:os";

import { ConfigError, type EventListener, type Problem, type Runtime } from "@enmesh/core";

import { isLoopback } from "./http/loopback.ts";

/** How a registry is to run. Everything has a default. */
export interface RegistryOptions {
  /** 0 takes any free port. @default 8500 */
  readonly port?: number;
  /** Where to listen. Anything beyond this machine needs a token. @default "127.0.0.1" */
  readonly host?: string;
  /** Where registrations and keys survive a restart. @default none: all is kept in memory only */
  readonly dataDirectory?: string;
  /** What every request must bring. @default ENMESH_REGISTRY_TOKEN, else none */
  readonly token?: string;
  /** @default "dc1" */
  readonly datacenter?: string;
  /** @default the machine's name */
  readonly nodeName?: string;
  /** Names, besides those of this machine, that a request may call us by when no token is asked. @default [] */
  readonly allowedHosts?: readonly string[];
  /** Blocking queries that may wait at the same time. @default 10000 */
  readonly maxWatchers?: number;
  /** Time, chance and the channel for events. @default the process's own */
  readonly runtime?: Runtime;
  /** Told of everything that happens. */
  readonly onEvent?: EventListener;
}

/** Options with every default filled in. */
export interface CheckedOptions {
  readonly port: number;
  readonly host: string;
  readonly dataDirectory: string | undefined;
  readonly token: string | undefined;
  readonly datacenter: string;
  readonly nodeName: string;
  readonly allowedHosts: readonly string[];
  readonly maxWatchers: number;
}

export const registryDefaults: {
  readonly port: number;
  readonly host: string;
  readonly datacenter: string;
  readonly maxWatchers: number;
} = Object.freeze({ port: 8500, host: "127.0.0.1", datacenter: "dc1", maxWatchers: 10_000 });

/** Fills in the defaults. @throws ConfigError `ENMESH_OPTION_INVALID` that names all that is wrong. */
export function checkRegistryOptions(options: RegistryOptions): CheckedOptions {
  const checked = {
    port: options.port ?? registryDefaults.port,
    host: options.host ?? registryDefaults.host,
    dataDirectory: options.dataDirectory,
    token: options.token ?? (process.env["ENMESH_REGISTRY_TOKEN"] || undefined),
    datacenter: options.datacenter ?? registryDefaults.datacenter,
    nodeName: options.nodeName ?? hostname(),
    allowedHosts: options.allowedHosts ?? [],
    maxWatchers: options.maxWatchers ?? registryDefaults.maxWatchers,
  };
  const problems = problemsOf(checked);
  if (problems.length > 0) throw new ConfigError("registry", problems, "ENMESH_OPTION_INVALID");
  return checked;
}

function problemsOf({
  port,
  host,
  dataDirectory,
  token,
  datacenter,
  nodeName,
  maxWatchers,
}: CheckedOptions): Problem[] {
  const problems: Problem[] = [];
  const say = (path: string, message: string): void => void problems.push({ path, message });
  if (!Number.isInteger(port) || port < 0 || port > 65_535) say("port", `must be 0 to 65535, got ${String(port)}`);
  if (host === "") say("host", 'must be an address or a name such as "127.0.0.1"');
  if (dataDirectory === "") say("dataDirectory", "must be a folder; leave it out to keep all in memory");
  if (token !== undefined && token.trim() === "") say("token", "must not be blank; leave it out to ask for none");
  if (!/^[a-z0-9_-]+$/.test(datacenter))
    say("datacenter", `must be lower-case letters, digits, "-" and "_", got ${JSON.stringify(datacenter)}`);
  if (nodeName === "") say("nodeName", "must not be empty");
  if (!Number.isInteger(maxWatchers) || maxWatchers < 1)
    say("maxWatchers", `must be 1 or more, got ${String(maxWatchers)}`);
  if (token === undefined && host !== "" && !isLoopback(host)) {
    const message = `${JSON.stringify(host)} can be reached from other machines, so a token is needed: set "token" or ENMESH_REGISTRY_TOKEN, or listen on 127.0.0.1`;
    say("host", message);
  }
  return problems;
}
