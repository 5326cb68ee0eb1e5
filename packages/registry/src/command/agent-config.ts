import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What configuration files of Consul say that means something to one node. */
export interface AgentConfig {
  readonly node?: string;
  readonly datacenter?: string;
  readonly bind?: string;
  readonly client?: string;
  readonly httpPort?: number;
  readonly dataDir?: string;
  readonly pidFile?: string;
  readonly isServer?: boolean;
  readonly runsScripts?: boolean;
  readonly token?: string;
  /** Keys that change nothing here. */
  readonly ignored: readonly string[];
}

/** A configuration that must not be carried out in part. */
export class AgentConfigError extends Error {
  override readonly name = "AgentConfigError";
}

const texts: Readonly<Record<string, "node" | "datacenter" | "bind" | "client" | "dataDir" | "pidFile">> = {
  node_name: "node",
  datacenter: "datacenter",
  bind_addr: "bind",
  client_addr: "client",
  data_dir: "dataDir",
  pid_file: "pidFile",
};
/** Who asks for these asks for protection: to start without it would be to break a promise. */
const protections = ["verify_incoming", "verify_incoming_https", "verify_incoming_rpc", "cert_file", "tls", "encrypt"];

/** Reads JSON files in their order, later ones over earlier ones. @throws AgentConfigError */
export function readAgentConfig(files: readonly string[], folders: readonly string[]): AgentConfig {
  const inFolders = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .toSorted()
      .map((name) => join(folder, name)),
  );
  const read = [...files, ...inFolders].map(readOne);
  return Object.assign({}, ...read, { ignored: read.flatMap(({ ignored }) => ignored) }) as AgentConfig;
}

function readOne(file: string): AgentConfig {
  const given = parse(file);
  const config: Record<string, unknown> = {};
  const ignored: string[] = [];
  for (const [key, value] of Object.entries(given)) {
    if (Object.hasOwn(texts, key)) config[texts[key] as string] = text(file, key, value);
    else if (key === "ports") Object.assign(config, portsOf(file, value, ignored));
    else if (key === "server") config["isServer"] = value === true;
    else if (key === "enable_script_checks") config["runsScripts"] = value === true;
    else if (key === "acl") Object.assign(config, aclOf(file, value));
    else if (protections.includes(key) && value !== false && value !== "") {
      throw new AgentConfigError(
        `${file}: "${key}" asks for protection that this command does not give; start enmesh-registry with its own options for TLS, or leave it out`,
      );
    } else ignored.push(key);
  }
  return { ...config, ignored };
}

function parse(file: string): Readonly<Record<string, unknown>> {
  const source = readFileSync(file, "utf8");
  try {
    const given: unknown = JSON.parse(source);
    if (typeof given === "object" && given !== null && !Array.isArray(given))
      return given as Readonly<Record<string, unknown>>;
  } catch {
    // Not JSON: HCL, most likely.
  }
  throw new AgentConfigError(`${file}: only JSON is read, and it must be an object`);
}

function portsOf(file: string, value: unknown, ignored: string[]): Partial<AgentConfig> {
  if (typeof value !== "object" || value === null) throw new AgentConfigError(`${file}: "ports" must be an object`);
  const { http, ...others } = value as Readonly<Record<string, unknown>>;
  const used = Object.entries(others).filter(([, port]) => typeof port === "number" && port > 0);
  ignored.push(...used.map(([name]) => `ports.${name}`));
  if (http === undefined) return {};
  if (typeof http !== "number" || http < 0) throw new AgentConfigError(`${file}: "ports.http" must be a port`);
  return { httpPort: http };
}

/** One token that opens everything is what we can do; more would be a promise that we do not keep. */
function aclOf(file: string, value: unknown): Partial<AgentConfig> {
  const { enabled, tokens } = value as { readonly enabled?: boolean; readonly tokens?: Record<string, string> };
  if (enabled !== true) return {};
  const token = tokens?.["initial_management"] ?? tokens?.["master"];
  if (typeof token === "string" && token !== "") return { token };
  throw new AgentConfigError(
    `${file}: "acl" is enabled, and "acl.tokens.initial_management" is what this registry would ask for: set it, or disable "acl"`,
  );
}

function text(file: string, key: string, value: unknown): string {
  if (typeof value !== "string") throw new AgentConfigError(`${file}: "${key}" must be a text`);
  return value;
}
