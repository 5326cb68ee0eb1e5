import { BlockList, isIPv4, isIPv6 } from "node:net";

import { Rejection } from "../http/exchange.ts";

/**
 * Refuses an address that no service has a right to claim. Whoever may register decides where others send their
 * requests, with all that stands in them: not to the metadata service of a cloud, and nowhere in disguise.
 *
 * @throws Rejection 400. No address at all is fine: the node's counts then, and a service without a port has none.
 */
export function refuseUnclaimable(address: string, port: number): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Rejection(400, `Invalid service port ${port}: it must be 1 to 65535`);
  const reason = address === "" ? undefined : whyNotClaimable(address);
  if (reason !== undefined) throw new Rejection(400, `Invalid service address ${shown(address)}: ${reason}`);
}

/** Says why an address is not a service's to claim; undefined when it may have it. */
export function whyNotClaimable(address: string): string | undefined {
  if (address.length > 255) return "it is longer than any host name";
  if (!/^[\w.:-]+$/.test(address) || (address.includes(":") && !isIPv6(address)))
    return "it must be a host name or an IP address and nothing else";

  const url = URL.parse(`http://${isIPv6(address) ? `[${address}]` : address}/`);
  if (url === null || url.hostname === "") return "it is neither a host name nor an IP address";
  const host = url.hostname.replaceAll(/[[\]]/g, "");
  // "2130706433" and "0x7f.1" are 127.0.0.1 to whoever calls them.
  if (isIPv4(host) && host !== address) return `it is ${host} in disguise`;
  const isForbidden = isIPv4(host)
    ? forbidden.check(host, "ipv4")
    : isIPv6(host)
      ? forbidden.check(host, "ipv6")
      : forbiddenNames.has(host.toLowerCase().replace(/\.$/, ""));
  return isForbidden ? "link-local, metadata, multicast and unspecified addresses are nobody's to claim" : undefined;
}

/** A rule for IPv4 holds for the same address behind `::ffff:` as well. */
const forbidden = new BlockList();
forbidden.addAddress("0.0.0.0");
forbidden.addSubnet("169.254.0.0", 16);
forbidden.addSubnet("224.0.0.0", 4);
forbidden.addAddress("255.255.255.255");
forbidden.addAddress("::", "ipv6");
forbidden.addSubnet("fe80::", 10, "ipv6");
forbidden.addSubnet("ff00::", 8, "ipv6");
forbidden.addAddress("fd00:ec2::254", "ipv6");

const forbiddenNames: ReadonlySet<string> = new Set(["metadata.google.internal", "metadata.goog"]);

/** What is quoted must not write to a terminal, nor fill a log. */
function shown(address: string): string {
  return JSON.stringify(address.slice(0, 64));
}
