import type { Directory } from "@enmesh/discovery";
import type { Logger } from "@enmesh/logging";
import type { Closers } from "./closers.ts";
import type { MeshOptions } from "./config/options.ts";

/** Where the registry is, and what it wants to see. */
export interface RegistryAccess {
  readonly url: string;
  readonly token?: string;
}

/** The registry to use: one that runs in this process, one by URL, or none with written-down services. */
export async function openRegistry(options: MeshOptions, closers: Closers): Promise<RegistryAccess | undefined> {
  const { registry, registryToken } = options;
  if (registry === undefined && options.services !== undefined) return undefined;
  if (registry === undefined || typeof registry === "string") {
    return { url: registry ?? "http://127.0.0.1:8500", ...(registryToken !== undefined && { token: registryToken }) };
  }
  const running = await registry.start();
  closers.add(() => running.close());
  const token = running.token ?? registryToken;
  return { url: running.url, ...(token !== undefined && { token }) };
}

/** Waits for the first word of the registry, or goes on without it when that is allowed. */
export async function waitForRegistry(directory: Directory, options: MeshOptions, log: Logger): Promise<void> {
  try {
    await directory.ready();
  } catch (error) {
    if (options.failFast ?? true) throw error;
    log.warn({ err: error }, "starting without the registry; it is asked again and again");
  }
}
