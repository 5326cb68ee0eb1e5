/** Consul's flags, as far as they mean something to one node. */
export interface AgentFlags {
  readonly isDev: boolean;
  readonly isServer: boolean;
  readonly node?: string;
  readonly datacenter?: string;
  readonly bind?: string;
  readonly client?: string;
  readonly httpPort?: string;
  readonly dataDir?: string;
  readonly pidFile?: string;
  readonly runsScripts: boolean;
  readonly configFiles: readonly string[];
  readonly configFolders: readonly string[];
  /** Flags of Consul that change nothing here. */
  readonly ignored: readonly string[];
}

const truths = new Set(["dev", "server", "enable-script-checks"]);
const values = new Set([
  "node",
  "datacenter",
  "bind",
  "client",
  "http-port",
  "data-dir",
  "pid-file",
  "config-file",
  "config-dir",
]);
/** What only a cluster, or another way in, has a use for. */
const ignoredTruths = new Set([
  "bootstrap",
  "disable-host-node-id",
  "disable-keyring-file",
  "enable-local-script-checks",
  "log-json",
  "non-voting-server",
  "read-replica",
  "rejoin",
  "syslog",
  "ui",
  "auto-reload-config",
]);
const ignoredValues = new Set([
  "advertise",
  "advertise-wan",
  "alt-domain",
  "bootstrap-expect",
  "config-format",
  "default-query-time",
  "dns-port",
  "domain",
  "grpc-port",
  "grpc-tls-port",
  "https-port",
  "join",
  "join-wan",
  "log-file",
  "log-level",
  "log-rotate-bytes",
  "log-rotate-duration",
  "log-rotate-max-files",
  "max-query-time",
  "node-id",
  "node-meta",
  "primary-gateway",
  "protocol",
  "raft-protocol",
  "recursor",
  "retry-interval",
  "retry-interval-wan",
  "retry-join",
  "retry-join-wan",
  "retry-max",
  "retry-max-wan",
  "segment",
  "serf-lan-allowed-cidrs",
  "serf-lan-bind",
  "serf-lan-port",
  "serf-wan-allowed-cidrs",
  "serf-wan-bind",
  "serf-wan-port",
  "server-port",
  "ui-content-path",
  "ui-dir",
]);

/** Reads a command line as Go's `flag` package does: `-name value`, `-name=value`, `--name`. A text says what is wrong. */
export function readAgentFlags(args: readonly string[]): AgentFlags | string {
  const given = new Map<string, string[]>();
  const ignored: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const found = /^--?([a-z][a-z_-]*)(?:=(.*))?$/s.exec(args[at] as string);
    const name = found?.[1];
    if (name === undefined) return `Unexpected extra arguments: [${String(args[at])}]`;
    const takesValue = values.has(name) || ignoredValues.has(name);
    if (!takesValue && !truths.has(name) && !ignoredTruths.has(name)) {
      return `flag provided but not defined: -${name}`;
    }
    const value = found?.[2] ?? (takesValue ? args[++at] : "true");
    if (value === undefined) return `flag needs an argument: -${name}`;
    if (ignoredTruths.has(name) || ignoredValues.has(name)) ignored.push(`-${name}`);
    else given.set(name, [...(given.get(name) ?? []), value]);
  }
  return collect(given, ignored);
}

function collect(given: ReadonlyMap<string, readonly string[]>, ignored: readonly string[]): AgentFlags {
  const isOn = (name: string): boolean => given.has(name) && given.get(name)?.at(-1) !== "false";
  const last = <Name extends string>(name: string, as: Name): Partial<Record<Name, string>> => {
    const value = given.get(name)?.at(-1);
    return value === undefined ? {} : ({ [as]: value } as Record<Name, string>);
  };
  return {
    isDev: isOn("dev"),
    isServer: isOn("server"),
    runsScripts: isOn("enable-script-checks"),
    ...last("node", "node"),
    ...last("datacenter", "datacenter"),
    ...last("bind", "bind"),
    ...last("client", "client"),
    ...last("http-port", "httpPort"),
    ...last("data-dir", "dataDir"),
    ...last("pid-file", "pidFile"),
    configFiles: given.get("config-file") ?? [],
    configFolders: given.get("config-dir") ?? [],
    ignored,
  };
}
