import { hostname } from "node:os";

import { ConfigError, type EventListener, type Problem, type Runtime } from "@enmesh/core";

import { readTls, type ListenerTls, type TlsSettings } from "./access/tls.ts";
import { readGrants, readTokenList, type Grant, type TokenGrant } from "./access/tokens.ts";
import { isLoopback } from "./http/loopback.ts";

/** How a registry is to run. Everything has a default. */
export interface RegistryOptions {
  /** 0 takes any free port. @default 8500 */
  readonly port?: number;
  /** Where to listen. Anything beyond this machine needs a token. @default "127.0.0.1" */
  readonly host?: string;
  /** Where registrations and keys survive a restart. @default none: all is kept in memory only */
  readonly dataDirectory?: string;
  /** What every request must bring: it opens everything. @default ENMESH_REGISTRY_TOKEN, else none */
  readonly token?: string;
  /** Further tokens, each with a name and a right. @default [] */
  readonly tokens?: readonly TokenGrant[];
  /** A JSON file that lists tokens as `tokens` does. @default none */
  readonly tokensFile?: string;
  /** Serves HTTPS with these files. @default none: plain HTTP */
  readonly tls?: ListenerTls;
  /** Instances that may be listed with one token (without tokens: in all). @default 20000 */
  readonly maxInstances?: number;
  /** Keeps instances listed as they were when many of a service fall silent at once. @default true */
  readonly selfPreservation?: boolean;
  /** @default "dc1" */
  readonly datacenter?: string;
  /** @default the machine's name */
  readonly nodeName?: string;
  /** The address of that node, for services that give none of their own. @default where it listens */
  readonly nodeAddress?: string;
  /** Names, besides those of this machine, that a request may call us by when no token is asked. @default [] */
  readonly allowedHosts?: readonly string[];
  /** Blocking queries that may wait at the same time. @default 10000 */
  readonly maxWatchers?: number;
  /** Lets whoever may register checks run programs on this machine. @default false */
  readonly scriptChecks?: boolean;
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
  /** What embedding code shall bring: the token that opens everything. */
  readonly token: string | undefined;
  /** Empty when no token is asked for. */
  readonly grants: readonly Grant[];
  readonly tls: TlsSettings | undefined;
  readonly maxInstances: number;
  readonly selfPreservation: boolean;
  readonly datacenter: string;
  readonly nodeName: string;
  readonly nodeAddress: string | undefined;
  readonly allowedHosts: readonly string[];
  readonly maxWatchers: number;
  readonly scriptChecks: boolean;
}

export const registryDefaults: {
  readonly port: number;
  readonly host: string;
  readonly datacenter: string;
  readonly maxWatchers: number;
  readonly maxInstances: number;
  readonly selfPreservation: boolean;
} = Object.freeze({
  port: 8500,
  host: "127.0.0.1",
  datacenter: "dc1",
  maxWatchers: 10_000,
  maxInstances: 20_000,
  selfPreservation: true,
});

/** Fills in the defaults. @throws ConfigError `ENMESH_OPTION_INVALID` that names all that is wrong. */
export function checkRegistryOptions(options: RegistryOptions): CheckedOptions {
  const problems: Problem[] = [];
  const token = options.token ?? (process.env["ENMESH_REGISTRY_TOKEN"] || undefined);
  const checked = {
    port: options.port ?? registryDefaults.port,
    host: options.host ?? registryDefaults.host,
    dataDirectory: options.dataDirectory,
    token,
    grants: grantsOf(options, token, problems),
    tls: options.tls === undefined ? undefined : readTls(options.tls, problems),
    maxInstances: options.maxInstances ?? registryDefaults.maxInstances,
    selfPreservation: options.selfPreservation ?? registryDefaults.selfPreservation,
    scriptChecks: options.scriptChecks ?? false,
    datacenter: options.datacenter ?? registryDefaults.datacenter,
    nodeName: options.nodeName ?? hostname(),
    nodeAddress: options.nodeAddress,
    allowedHosts: options.allowedHosts ?? [],
    maxWatchers: options.maxWatchers ?? registryDefaults.maxWatchers,
  };
  problems.push(...problemsOf(checked));
  if (problems.length > 0) throw new ConfigError("registry", problems, "ENMESH_OPTION_INVALID");
  return checked;
}

function grantsOf(
  { tokens = [], tokensFile }: RegistryOptions,
  token: string | undefined,
  problems: Problem[],
): Grant[] {
  const own: TokenGrant[] =
    token === undefined || token.trim() === "" ? [] : [{ name: "admin", token, rights: "admin" }];
  const listed = tokensFile === undefined ? [] : readTokenList(tokensFile, problems);
  return readGrants([...own, ...tokens, ...listed], problems);
}

function problemsOf({
  port,
  host,
  dataDirectory,
  token,
  grants,
  datacenter,
  nodeName,
  maxWatchers,
  maxInstances,
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
  if (!Number.isInteger(maxInstances) || maxInstances < 1)
    say("maxInstances", `must be 1 or more, got ${String(maxInstances)}`);
  if (grants.length === 0 && host !== "" && !isLoopback(host)) {
    const message = `${JSON.stringify(host)} can be reached from other machines, so a token is needed: set "token", "tokens" or ENMESH_REGISTRY_TOKEN, or listen on 127.0.0.1`;
    say("host", message);
  }
  return problems;
}
