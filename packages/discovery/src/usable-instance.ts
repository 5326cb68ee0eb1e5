import { BlockList, isIPv4, isIPv6 } from "node:net";

import type { Instance } from "@enmesh/core";

/**
 * Says why no call may ever be sent to an instance, or nothing when it is fine. A registry is written by many hands: what it says about
 * an address decides where requests with credentials go, so only a plain host and a real port pass.
 */
export function whyUnusable(instance: Instance): string | undefined {
  if (!isPlain(instance.id)) return "its id is empty or has control characters";
  if (!isPort(instance.port)) return `its port must be 1 to 65535, got ${shown(instance.port)}`;
  return whyNoAddress(instance.address);
}

/** Says why a text is no address to send calls to, or nothing when it is one. */
function whyNoAddress(address: string): string | undefined {
  if (address === "") return "its address is empty";
  if (!isPlain(address) || /[\s/\\@?#%[\]]/.test(address) || (address.includes(":") && !isIPv6(address)))
    return `its address ${shown(address)} is not a plain host name or IP address`;

  const host = canonicalHost(address);
  if (host === undefined) return `its address ${shown(address)} is not a host name or IP address`;
  // "2130706433" and "0x7f.1" are 127.0.0.1 to a URL: what does not read as what it is, is refused.
  if (isIPv4(host) && host !== address) return `its address ${shown(address)} is a disguised ${host}`;
  if (isForbidden(host))
    return `its address ${shown(address)} must never be called (metadata, link-local, unspecified or multicast)`;
  return undefined;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

function isPlain(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text !== "" && text.length <= 255 && !/[\u0000-\u001f\u007f]/.test(text);
}

function canonicalHost(address: string): string | undefined {
  const url = URL.parse(`http://${isIPv6(address) ? `[${address}]` : address}/`);
  if (url === null || url.port !== "" || url.hostname === "") return undefined;
  return url.hostname.replace(/^\[|\]$/g, "");
}

const forbidden = new BlockList();
forbidden.addAddress("0.0.0.0");
forbidden.addSubnet("169.254.0.0", 16);
forbidden.addSubnet("224.0.0.0", 4);
forbidden.addAddress("255.255.255.255");
forbidden.addAddress("::", "ipv6");
forbidden.addSubnet("fe80::", 10, "ipv6");
forbidden.addSubnet("ff00::", 8, "ipv6");
forbidden.addAddress("fd00:ec2::254", "ipv6");

const forbiddenNames: ReadonlySet<string> = new Set(["metadata.google.internal"]);

function isForbidden(host: string): boolean {
  // A block list also finds IPv4 rules behind IPv4-mapped IPv6 addresses.
  if (isIPv4(host)) return forbidden.check(host, "ipv4");
  if (isIPv6(host)) return forbidden.check(host, "ipv6");
  return forbiddenNames.has(host.replace(/\.$/, ""));
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 64)) : String(value);
}
