import { readFileSync } from "node:fs";

import { MeshError, type MeshEvent } from "@enmesh/core";

import type { RegistryOptions } from "../options.ts";
import { startRegistry } from "../registry.ts";
import { consulVersion } from "../render/node.ts";
import { keepPidFile, readAgentCommand } from "./agent-command.ts";
import { eventLine } from "./event-line.ts";
import { helpText, readFlags } from "./flags.ts";

/** Runs `enmesh-registry` until it is told to stop, and gives its exit code: 0 when all is well, 1 for a failed start, 2 for a wrong command line. */
export async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === "agent") return await agent(rest);
  if (command === "version") return print(versionText(rest));
  const request = readFlags(args);
  if (request.kind === "help") return print(helpText);
  if (request.kind === "version") return print(`${version()}\n`);
  if (request.kind === "mistake") return complain(`${request.message}\nTry enmesh-registry --help`, 2);
  return await run(request.options, printer(request.isJson), 2);
}

/** What starts a Consul agent can start us instead. */
async function agent(args: readonly string[]): Promise<number> {
  const request = readAgentCommand(args);
  if (typeof request === "string") return complain(request, 1);
  for (const note of request.notes) print(`${note}\n`);
  const dropPidFile = keepPidFile(request.pidFile);
  try {
    return await run(request.options, printer(false), 1);
  } finally {
    dropPidFile();
  }
}

async function run(
  options: RegistryOptions,
  listener: (event: MeshEvent) => void,
  codeOfWrongOptions: number,
): Promise<number> {
  // Before the start, so that no signal finds us unprepared.
  const { told, stopNow } = toldToStop();
  const onEvent = (event: MeshEvent): void => {
    listener(event);
    if (event.type === "registry.leave") stopNow();
  };
  try {
    const registry = await startRegistry({ ...options, onEvent });
    await told;
    await registry.close();
    return 0;
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    return complain(error.message, error.code === "ENMESH_OPTION_INVALID" ? codeOfWrongOptions : 1);
  }
}

/** As `consul version` says it, for tools that read it. */
function versionText(args: readonly string[]): string {
  const built = "1970-01-01T00:00:01Z";
  if (args.some((arg) => /^--?format=json$/.test(arg)) || /^--?format$/.test(args[0] ?? "")) {
    const facts = {
      Version: consulVersion,
      Revision: "",
      Prerelease: "",
      VersionMetadata: "enmesh",
      BuildDate: built,
      RPC: { Default: 2, Min: 2, Max: 3 },
      FIPS: "",
    };
    return `${JSON.stringify(facts, null, 4)}\n`;
  }
  return `Consul v${consulVersion} as Enmesh registry v${version()}\nBuild Date ${built}\nProtocol 2 spoken by default, understands 2 to 3\n`;
}

function printer(isJson: boolean): (event: MeshEvent) => void {
  if (isJson) return (event) => void print(`${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
  const isColoured = process.stdout.isTTY && !process.env["NO_COLOR"];
  return (event) => {
    const line = eventLine(event, isColoured);
    if (line !== undefined) print(`${line}\n`);
  };
}

function toldToStop(): { readonly told: Promise<void>; readonly stopNow: () => void } {
  const { promise: told, resolve } = Promise.withResolvers<void>();
  const stopNow = (): void => {
    // From now on the signals do what they do by themselves: a second one ends a shutdown that hangs.
    process.off("SIGINT", stopNow);
    process.off("SIGTERM", stopNow);
    resolve();
  };
  process.on("SIGINT", stopNow);
  process.on("SIGTERM", stopNow);
  return { told, stopNow };
}

function version(): string {
  const { version: own } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return own;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function complain(message: string, code: number): number {
  process.stderr.write(`enmesh-registry: ${message}\n`);
  return code;
}
