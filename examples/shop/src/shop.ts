// The shop as a value: start it, look at its processes, break them, stop it. The starter (start.ts) and the stories in
// test/ are built on the same function.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { LoadOptions, LoadReports } from "./load/reports.ts";
import { claimPort } from "./starter/ports.ts";
import { RunningShop } from "./starter/running-shop.ts";
import type { Exit, ShopProcess } from "./starter/shop-process.ts";

export type { LoadOptions, LoadSecond, LoadSummary } from "./load/reports.ts";
export { ShopError } from "./starter/shop-error.ts";
export type { Exit, ShopProcess } from "./starter/shop-process.ts";

export interface ShopOptions {
  /** @default 0: any free one */
  readonly gatewayPort?: number;
  /** @default 0: any free one */
  readonly registryPort?: number;
  /** Uses this registry, such as a real Consul, and starts none. */
  readonly consulUrl?: string;
  /** The services to start, by name. @default all */
  readonly services?: readonly string[];
  /** Starts the load generator once all are ready. @default false */
  readonly load?: LoadOptions | false;
  /** Where the rules are. @default examples/shop/mesh */
  readonly meshDirectory?: string;
  /** For every process; `undefined` removes a name. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Logs and databases. @default a new folder in examples/shop/.run */
  readonly folder?: string;
  /** Called whenever a process ends while the shop is not being stopped. */
  readonly onExit?: (process: ShopProcess, exit: Exit) => void;
}

export interface Shop {
  readonly gatewayUrl: string;
  readonly registryUrl: string;
  /** The registry (when it is ours) first, then the services; the load generator is not among them. */
  readonly processes: readonly ShopProcess[];
  /** Logs of all processes, and `orders.db` and `payments.db`. */
  readonly folder: string;
  readonly load: LoadReports | undefined;
  /** The processes of one service, of one version or of all. */
  of(service: string, version?: string): readonly ShopProcess[];
  /** Ends all in order: load, services, registry. Leaves no process behind. */
  stop(): Promise<void>;
  /** Kills all at once. */
  kill(): void;
}

const home = fileURLToPath(new URL("..", import.meta.url));

/**
 * Starts the shop and resolves once every process is ready. When one of them is not, all are ended.
 *
 * @throws ShopError that says which process, or which port, and what to do
 * @example
 * const shop = await startShop({ services: ["gateway", "catalog"], load: { rate: 200, mix: { catalog: 1 } } });
 * shop.of("catalog", "v1")[0]?.kill("SIGKILL");
 * const { sent, ok } = await shop.load.stop();
 * await shop.stop();
 */
export async function startShop(options: ShopOptions = {}): Promise<Shop> {
  const { gatewayPort = 0, registryPort = 0, consulUrl } = options;
  if (consulUrl === undefined) await claimPort(registryPort, "registry", "SHOP_REGISTRY_PORT");
  await claimPort(gatewayPort, "gateway", "SHOP_GATEWAY_PORT");

  const folder = folderFor(options);
  const running = new RunningShop({ meshDirectory: join(home, "mesh"), ...options }, folder);
  try {
    const registryUrl = consulUrl ?? (await running.startRegistry(registryPort));
    await running.startServices(registryUrl, gatewayPort);
    const gatewayUrl = `http://127.0.0.1:${running.of("gateway")[0]?.port ?? 0}`;
    const load = options.load ? await running.startLoad(gatewayUrl, options.load) : undefined;
    return {
      gatewayUrl,
      registryUrl,
      folder,
      load,
      processes: running.processes,
      of: (service, version) => running.of(service, version),
      stop: () => running.stop(),
      kill: () => running.kill(),
    };
  } catch (error) {
    running.kill();
    throw error;
  }
}

/** An empty folder for logs and databases: one per gateway port, so that what was there last can be found. */
function folderFor({ folder, gatewayPort }: ShopOptions): string {
  const all = join(home, ".run");
  if (folder === undefined && !gatewayPort) {
    mkdirSync(all, { recursive: true });
    return mkdtempSync(join(all, "any-"));
  }
  const chosen = folder ?? join(all, `${gatewayPort}`);
  if (folder === undefined) rmSync(chosen, { recursive: true, force: true });
  mkdirSync(chosen, { recursive: true });
  return chosen;
}
