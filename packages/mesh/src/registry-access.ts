import { join } from "node:path";
import type { Identity } from "@enmesh/core";
import { type Directory, snapshotFile, type SnapshotStore, type TlsSettings } from "@enmesh/discovery";
import type { Logger } from "@enmesh/logging";
import type { Closers } from "./closers.ts";
import type { MeshOptions } from "./config/options.ts";

/** Where the registry is, and what it wants to see. */
export interface RegistryAccess {
  readonly url: string | readonly string[];
  readonly token?: string;
  readonly tls?: TlsSettings;
}

/** The registry to use: one that runs in this process, one by URL, or none with written-down services. */
export async function openRegistry(options: MeshOptions, closers: Closers): Promise<RegistryAccess | undefined> {
  const { registry, registryToken } = options;
  if (registry === undefined && options.services !== undefined) return undefined;
  if (registry === undefined || typeof registry === "string") {
    const urls = (registry ?? "http://127.0.0.1:8500").split(",").map((url) => url.trim());
    return {
      url: urls.length === 1 ? (urls[0] as string) : urls,
      ...(registryToken !== undefined && { token: registryToken }),
      ...(options.registryTls !== undefined && { tls: options.registryTls }),
    };
  }
  const running = await registry.start();
  closers.add(() => running.close());
  const token = running.token ?? registryToken;
  return { url: running.url, ...(token !== undefined && { token }) };
}

/** Where what is known is written down for the next start: one file per service, so that services may share a directory. */
export function snapshotIn(directory: string | undefined, { namespace, service }: Identity): SnapshotStore | undefined {
  return directory === undefined ? undefined : snapshotFile({ path: join(directory, `${namespace}.${service}.json`) });
}

/** The registry's address for people. */
export function shownUrl(access: RegistryAccess | undefined): string | undefined {
  return typeof access?.url === "object" ? access.url.join(",") : access?.url;
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
