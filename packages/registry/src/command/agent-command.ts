import { rmSync, writeFileSync } from "node:fs";

import type { RegistryOptions } from "../options.ts";
import { AgentConfigError, readAgentConfig } from "./agent-config.ts";
import { readAgentFlags } from "./agent-flags.ts";

/** What a command line of Consul's agent asks for. */
export interface AgentRequest {
  readonly options: RegistryOptions;
  readonly pidFile: string | undefined;
  /** Lines to say before the start. */
  readonly notes: readonly string[];
}

/**
 * Turns Consul's flags and configuration files into our options; flags outweigh files. A text says what is wrong.
 */
export function readAgentCommand(args: readonly string[]): AgentRequest | string {
  const flags = readAgentFlags(args);
  if (typeof flags === "string") return flags;
  try {
    const config = readAgentConfig(flags.configFiles, flags.configFolders);
    const isDev = flags.isDev;
    const dataDirectory = flags.dataDir ?? config.dataDir;
    if (!isDev && dataDirectory === undefined) return "data_dir cannot be empty";
    const port = flags.httpPort === undefined ? config.httpPort : Number(flags.httpPort);
    const nodeName = flags.node ?? config.node;
    const datacenter = (flags.datacenter ?? config.datacenter)?.toLowerCase();
    const bind = flags.bind ?? config.bind;
    const host = flags.client ?? config.client;
    const options: RegistryOptions = {
      // Whoever starts a Consul expects a TTL that ends to end.
      selfPreservation: false,
      scriptChecks: flags.runsScripts || config.runsScripts === true,
      ...(port === undefined ? {} : { port }),
      ...(host === undefined ? {} : { host }),
      ...(bind === undefined || bind === "0.0.0.0" || bind === "::" ? {} : { nodeAddress: bind }),
      ...(nodeName === undefined ? {} : { nodeName }),
      ...(datacenter === undefined ? {} : { datacenter }),
      ...(config.token === undefined ? {} : { token: config.token }),
      // In development mode Consul keeps nothing, wherever it is told to.
      ...(isDev || dataDirectory === undefined ? {} : { dataDirectory }),
    };
    return { options, pidFile: flags.pidFile ?? config.pidFile, notes: notesOn([...flags.ignored, ...config.ignored]) };
  } catch (error) {
    if (error instanceof AgentConfigError || (error as NodeJS.ErrnoException).code !== undefined)
      return (error as Error).message;
    throw error;
  }
}

function notesOn(ignored: readonly string[]): string[] {
  const names = [...new Set(ignored)];
  return names.length === 0 ? [] : [`Without effect here, where there is one node: ${names.join(", ")}`];
}

/** Keeps our process id in a file until the returned function is called. */
export function keepPidFile(path: string | undefined): () => void {
  if (path === undefined) return () => {};
  writeFileSync(path, String(process.pid));
  return () => rmSync(path, { force: true });
}
