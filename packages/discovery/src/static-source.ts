import { ConfigError, type Instance, type InstanceStatus, type Problem } from "@enmesh/core";

import type { DiscoverySource, Watch } from "./source.ts";
import { whyUnusable } from "./usable-instance.ts";

/** An instance in a list: an origin such as `http://127.0.0.1:3001`, or its parts. */
export type StaticInstance =
  | string
  | {
      readonly address: string;
      readonly port: number;
      /** @default `http` */
      readonly protocol?: "http" | "https";
      /** @default `<service>@<address>:<port>` */
      readonly id?: string;
      readonly version?: string;
      readonly labels?: Readonly<Record<string, string>>;
      readonly zone?: string;
      readonly region?: string;
      /** @default 1 */
      readonly weight?: number;
      /** @default `UP` */
      readonly status?: InstanceStatus;
    };

/**
 * A source that never changes: services and their instances, written down. For tests, for development, and for what no registry knows.
 *
 * @throws ConfigError when an entry cannot be used; it names all of them.
 * @example
 * ```ts
 * import { staticSource } from "@enmesh/discovery";
 *
 * staticSource({ orders: ["http://127.0.0.1:3001", { address: "127.0.0.1", port: 3002, version: "v2" }] });
 * ```
 */
export function staticSource(services: Readonly<Record<string, readonly StaticInstance[]>>): DiscoverySource {
  const problems: Problem[] = [];
  const lists = readServices(services, problems);
  if (problems.length > 0) throw new ConfigError("static instances", problems);
  const names = new Set(Object.keys(services));

  return {
    name: "static list",
    isAuthoritative: true,
    watchNames: (listener) => told(() => listener(names)),
    watchInstances: (service, listener) => told(() => listener(lists.get(service.toLowerCase()) ?? [])),
    close: () => {},
  };
}

/** The instances of each service, by its name in small letters. What cannot be read is added to `problems`. */
export function readServices(
  services: Readonly<Record<string, readonly StaticInstance[]>>,
  problems: Problem[],
): ReadonlyMap<string, readonly Instance[]> {
  return new Map(
    Object.entries(services).map(([service, entries]) => [
      service.toLowerCase(),
      entries.flatMap((entry, index) => readEntry(service, entry, `${service}[${index}]`, problems)),
    ]),
  );
}

function told(tell: () => void): Watch {
  tell();
  return { stop: () => {} };
}

function readEntry(service: string, entry: StaticInstance, path: string, problems: Problem[]): readonly Instance[] {
  const instance = typeof entry === "string" ? fromOrigin(service, entry) : fromParts(service, entry);
  if (instance === undefined) {
    problems.push({ path, message: `${JSON.stringify(entry)} is not an origin; write "http://127.0.0.1:3001"` });
    // For those who go on with the rest: it is reported by what was written, and never called.
    return [fromParts(service, { id: JSON.stringify(entry), address: "", port: Number.NaN })];
  }
  const reason = whyUnusable(instance);
  if (reason !== undefined) problems.push({ path, message: reason });
  return [instance];
}

function fromOrigin(service: string, origin: string): Instance | undefined {
  const url = URL.parse(origin);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return undefined;
  // A path, a query or credentials would be dropped silently: better to say that there is no place for them.
  if (url.username !== "" || url.password !== "" || url.pathname !== "/" || url.search !== "" || url.hash !== "")
    return undefined;
  const protocol = url.protocol === "https:" ? "https" : "http";
  const port = url.port === "" ? (protocol === "https" ? 443 : 80) : Number(url.port);
  return fromParts(service, { address: url.hostname.replace(/^\[|\]$/g, ""), port, protocol });
}

function fromParts(service: string, parts: Exclude<StaticInstance, string>): Instance {
  const { address, port, protocol = "http", version, labels = {}, weight = 1 } = parts;
  return {
    id: parts.id ?? `${service}@${address}:${port}`,
    service,
    address,
    port,
    protocol,
    labels: version === undefined ? labels : { ...labels, version },
    weight,
    status: parts.status ?? "UP",
    ...(version === undefined ? {} : { version }),
    ...(parts.zone === undefined ? {} : { zone: parts.zone }),
    ...(parts.region === undefined ? {} : { region: parts.region }),
  };
}
