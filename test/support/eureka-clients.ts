import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { spawnProgram, type Running } from "./processes.ts";

const pyHome = fileURLToPath(new URL("../../.cache/py-eureka", import.meta.url));
const pyClient = fileURLToPath(new URL("../interop/py_client.py", import.meta.url));

/** True where `tools/get-py-eureka.sh` has been. In CI it always has. */
export const hasPyEureka: boolean = existsSync(pyHome);

/** Starts a service that uses py_eureka_client, and reports what it sees of the application `wanted`. */
export function spawnPyEureka(server: string, wanted: string): Running {
  return spawnProgram("python3", { args: [pyClient, server, wanted], env: { PYTHONPATH: pyHome } });
}

/** As much of `eureka-js-client` as the tests use. */
export interface EurekaJsClient {
  start(done: (error?: Error) => void): void;
  stop(done: (error?: Error) => void): void;
  getInstancesByAppId(app: string): readonly EurekaJsInstance[];
  getInstancesByVipAddress(vip: string): readonly EurekaJsInstance[];
  on(event: "registryUpdated" | "heartbeat", listener: () => void): void;
}

interface EurekaJsInstance {
  readonly instanceId: string;
  readonly ipAddr: string;
  readonly port: { readonly $: number };
  readonly status: string;
}

// It brings no types: only its behaviour counts for us.
const jsClient: string = "eureka-js-client";

/** Makes a client of `eureka-js-client`, silent but for its errors. */
export async function makeEurekaJs(config: object): Promise<EurekaJsClient> {
  const { Eureka } = (await import(jsClient)) as { readonly Eureka: new (config: object) => EurekaJsClient };
  const silent = (): void => {};
  const logger = { trace: silent, debug: silent, info: silent, warn: silent, error: silent };
  return new Eureka({ ...config, logger });
}
