import { parseArgs } from "node:util";

import { parseDuration } from "@enmesh/core";

import { loadDefaults } from "../load/reports.ts";
import type { ShopOptions } from "../shop.ts";
import { ShopError } from "./shop-error.ts";

export const usage = `The Enmesh shop: a registry, services and their traffic, all on this machine.

  npm start -- [options]

  --rate <n>         requests per second (100)
  --no-load          no traffic of its own
  --duration <time>  stop by itself after this long, such as 20s
  --consul <url>     use this Consul instead of the embedded registry
  --json             print JSON lines instead of a screen
  --help

Ports: SHOP_GATEWAY_PORT (8080) and SHOP_REGISTRY_PORT (8500); 0 takes any free one.
Logs:  ENMESH_LOG_ACCESS=all writes a line per call and request.
`;

export interface Settings {
  readonly shop: ShopOptions;
  readonly isJson: boolean;
  readonly isHelp: boolean;
  readonly durationMs: number | undefined;
}

/** Reads the command line and the environment. @throws ShopError */
export function readSettings(args: readonly string[], env: NodeJS.ProcessEnv): Settings {
  const given = parse(args);
  const rate = Number(given.rate ?? loadDefaults.rate);
  if (!(rate > 0 && rate <= 5_000)) throw new ShopError(`--rate must be 1 to 5000, got ${given.rate}`);
  return {
    shop: {
      gatewayPort: portOf(env, "SHOP_GATEWAY_PORT", 8080),
      registryPort: portOf(env, "SHOP_REGISTRY_PORT", 8500),
      ...(given.consul === undefined ? {} : { consulUrl: given.consul }),
      load: given["no-load"] ? false : { rate },
    },
    isJson: given.json ?? false,
    isHelp: given.help ?? false,
    durationMs: given.duration === undefined ? undefined : parseDuration(given.duration),
  };
}

function portOf(env: NodeJS.ProcessEnv, variable: string, usual: number): number {
  const text = env[variable] ?? `${usual}`;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new ShopError(`${variable} must be a port, 0 to 65535, got ${JSON.stringify(text)}`);
}

function parse(args: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof known }>>["values"] {
  try {
    return parseArgs({ args: [...args], options: known }).values;
  } catch (error) {
    throw new ShopError(`${(error as Error).message}\n\n${usage}`, { cause: error });
  }
}

const known = {
  rate: { type: "string" },
  "no-load": { type: "boolean" },
  duration: { type: "string" },
  consul: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;
