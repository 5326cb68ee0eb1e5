export interface ServiceNameOptions {
  /** The domain of fully qualified service names. @default "cluster.local" */
  readonly domain?: string;
  /**
   * The namespaces there are. With them, `orders.shop` is a service only when `shop` is one, and `example.com` stays what it is.
   * @default any word counts as a namespace
   */
  readonly namespaces?: ReadonlySet<string>;
}

/**
 * The one short name of a service: `orders`, `Orders:8080`, `orders.shop`, `orders.shop.svc` and `orders.shop.svc.cluster.local.`
 * are all `orders`. The namespace is dropped: services are known by their short name, in one name space. Everything else (addresses, hosts of three and more
 * labels, wildcards) is only lower-cased and freed of port and trailing dot. Asking twice changes nothing.
 *
 * @example
 * ```ts
 * import { serviceNameOf } from "@enmesh/routing";
 *
 * console.log(serviceNameOf("Orders.shop.svc.cluster.local:8080")); // orders
 * ```
 */
export function serviceNameOf(host: string, options?: ServiceNameOptions): string {
  if (isPlain(host)) return host;
  if (host.length > longestHost) return host.toLowerCase();
  const name = bare(host.toLowerCase());
  const labels = name.split(".");
  if (labels.length === 1 || labels.includes("") || name.startsWith("*")) return name;
  const [service = name, namespace = "", ...rest] = labels;
  const suffix = rest.join(".");
  if (suffix !== "" && suffix !== "svc" && suffix !== `svc.${options?.domain ?? "cluster.local"}`) return name;
  // `10.1` is an address to whoever resolves it.
  if (/^\d+$/.test(namespace) || service.includes(":")) return name;
  if (suffix === "" && options?.namespaces?.has(namespace) === false) return name;
  return service;
}

/** RFC 1035 §2.3.4. What is longer is no host, and not worth reading. */
const longestHost = 255;

/** Lower-case letters, digits and hyphens: the name as it should be. Most calls end here, without a new string. */
function isPlain(host: string): boolean {
  for (let at = 0; at < host.length; at++) {
    const code = host.charCodeAt(at);
    if (!((code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 45)) return false;
  }
  return true;
}

/** Without port and trailing dots. An IPv6 address keeps its brackets, and its colons when it has none. */
function bare(host: string): string {
  if (host.startsWith("[")) {
    const end = host.indexOf("]");
    return end === -1 ? host : host.slice(0, end + 1);
  }
  let name = host;
  for (;;) {
    const before = name;
    const colon = name.indexOf(":");
    if (colon !== -1 && colon === name.lastIndexOf(":") && /^\d*$/.test(name.slice(colon + 1)))
      name = name.slice(0, colon);
    if (name.endsWith(".")) name = name.slice(0, -1);
    if (name === before) return name;
  }
}
