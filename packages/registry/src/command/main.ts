import { readFileSync } from "node:fs";

import { MeshError, type MeshEvent } from "@enmesh/core";

import { startRegistry } from "../registry.ts";
import { eventLine } from "./event-line.ts";
import { helpText, readFlags } from "./flags.ts";

/** Runs `enmesh-registry` until it is told to stop, and gives its exit code: 0 when all is well, 1 for a failed start, 2 for a wrong command line. */
export async function main(args: readonly string[]): Promise<number> {
  const request = readFlags(args);
  if (request.kind === "help") return print(helpText);
  if (request.kind === "version") return print(`${version()}\n`);
  if (request.kind === "mistake") return complain(`${request.message}\nTry enmesh-registry --help`, 2);

  // Before the start, so that no signal finds us unprepared.
  const told = toldToStop();
  try {
    const registry = await startRegistry({ ...request.options, onEvent: printer(request.isJson) });
    await told;
    await registry.close();
    return 0;
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    return complain(error.message, error.code === "ENMESH_OPTION_INVALID" ? 2 : 1);
  }
}

function printer(isJson: boolean): (event: MeshEvent) => void {
  if (isJson) return (event) => void print(`${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
  const isColoured = process.stdout.isTTY && !process.env["NO_COLOR"];
  return (event) => {
    const line = eventLine(event, isColoured);
    if (line !== undefined) print(`${line}\n`);
  };
}

function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    const stopNow = (): void => {
      // From now on the signals do what they do by themselves: a second one ends a shutdown that hangs.
      process.off("SIGINT", stopNow);
      process.off("SIGTERM", stopNow);
      resolve();
    };
    process.on("SIGINT", stopNow);
    process.on("SIGTERM", stopNow);
  });
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
