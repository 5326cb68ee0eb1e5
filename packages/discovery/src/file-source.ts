import { readFile, stat } from "node:fs/promises";

import { type Duration, type Instance, MeshError, parseDuration, type Runtime, TimerCallback } from "@enmesh/core";

import { Announcer } from "./announcer.ts";
import type { DiscoverySource } from "./source.ts";
import { readServices, type StaticInstance } from "./static-source.ts";

export interface FileSourceOptions {
  /** A file with what `staticSource` takes: services, and their instances. */
  readonly path: string;
  readonly runtime: Runtime;
  /** Reads the text of the file: give a YAML parser here. @default JSON.parse */
  readonly parse?: (text: string) => unknown;
  /** How often the file is looked at. @default 1000 */
  readonly everyMs?: Duration;
  /** Closes the source. */
  readonly signal?: AbortSignal;
}

/** More is no list that people write. */
const maxBytes = 16 * 1_024 * 1_024;

/**
 * Services and their instances in a file, followed as it changes. It is looked at rather than watched: that sees editors which replace
 * the file, mounted volumes and network disks alike. What cannot be used leaves the last good list in place.
 */
export function fileSource({ path, runtime, parse = JSON.parse, everyMs, signal }: FileSourceOptions): DiscoverySource {
  const pauseMs = parseDuration(everyMs ?? 1_000);
  const announcer = new Announcer();
  const timer = new TimerCallback(() => void look());
  let seen = "";
  let isClosed = false;

  async function look(): Promise<void> {
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const version = `${mtimeMs} ${size} ${ino}`;
      if (version !== seen || announcer.isTroubled) {
        if (size > maxBytes) throw new Error(`it has ${size} bytes, more than the ${maxBytes} allowed`);
        const services = read(parse(await readFile(path, "utf8")));
        if (!isClosed) announcer.tell(services);
        seen = version;
      }
    } catch (error) {
      if (!isClosed) announcer.trouble(unusable(path, error));
    }
    if (!isClosed) runtime.timers.schedule(timer, pauseMs);
  }
  function close(): void {
    isClosed = true;
    signal?.removeEventListener("abort", close);
    runtime.timers.cancel(timer);
    announcer.close();
  }
  signal?.addEventListener("abort", close, { once: true });
  if (signal?.aborted === true) close();
  else void look();

  return {
    name: `file ${path}`,
    isAuthoritative: true,
    watchNames: (listener, onTrouble) => announcer.watchNames(listener, onTrouble),
    watchInstances: (service, listener, onTrouble) => announcer.watchInstances(service, listener, onTrouble),
    close,
  };
}

function read(value: unknown): ReadonlyMap<string, { readonly name: string; readonly instances: readonly Instance[] }> {
  const isGroup = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isGroup || !Object.values(value).every((list) => Array.isArray(list) && list.every(isEntry)))
    throw new Error('it must map each service to its instances: { "orders": ["http://10.0.0.7:3001"] }');
  const services = value as Readonly<Record<string, readonly StaticInstance[]>>;
  // An entry that cannot be used costs only itself: the directory drops it, and says why.
  const lists = readServices(services, []);
  return new Map(
    Object.keys(services).map((name) => {
      const key = name.toLowerCase();
      return [key, { name, instances: lists.get(key) ?? [] }];
    }),
  );
}

function isEntry(entry: unknown): boolean {
  if (typeof entry === "string") return true;
  if (typeof entry !== "object" || entry === null) return false;
  const { address, port } = entry as Record<string, unknown>;
  return typeof address === "string" && typeof port === "number";
}

function unusable(path: string, error: unknown): MeshError {
  const reason = error instanceof Error ? error.message : String(error);
  return new MeshError(
    "ENMESH_CONFIG_INVALID",
    `file ${path} cannot be used: ${reason}; what it said before still counts`,
    { cause: error },
  );
}
