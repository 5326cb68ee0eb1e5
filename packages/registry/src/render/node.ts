import { createHash } from "node:crypto";
import { networkInterfaces } from "node:os";

import type { Check } from "../model/check.ts";
import { isLoopback } from "../http/loopback.ts";

/** The Consul version whose answers we give. */
export const consulVersion = "1.21.0";

/** The one node of this registry, as every answer shows it. */
export interface NodeFacts {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly datacenter: string;
}

/** Describes this node. Its id follows from its names, so that it stays the same over restarts. */
export function describeNode(name: string, datacenter: string, host: string): NodeFacts {
  return { id: stableId(`${datacenter}/${name}`), name, datacenter, address: addressOf(host) };
}

/** The node as a Go `structs.Node`. */
export function renderNode({ id, name, address, datacenter }: NodeFacts, index: number): object {
  return {
    ID: id,
    Node: name,
    Address: address,
    Datacenter: datacenter,
    TaggedAddresses: taggedAddresses(address),
    Meta: { "consul-network-segment": "", "consul-version": consulVersion },
    CreateIndex: index,
    ModifyIndex: index,
  };
}

export function taggedAddresses(address: string): object {
  const family = address.includes(":") ? "ipv6" : "ipv4";
  return { lan: address, [`lan_${family}`]: address, wan: address, [`wan_${family}`]: address };
}

/** The check that every Consul node has. */
export function serfHealth(index: number): Check {
  return {
    id: "serfHealth",
    name: "Serf Health Status",
    notes: "",
    status: "passing",
    output: "Agent alive and reachable",
    serviceId: "",
    serviceName: "",
    serviceTags: [],
    type: "",
    ttlMs: 0,
    deregisterAfterMs: 0,
    createIndex: index,
    modifyIndex: index,
  };
}

function stableId(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}

/** Services without an address of their own are reached here. */
function addressOf(host: string): string {
  if (isLoopback(host)) return host === "::1" ? "::1" : "127.0.0.1";
  if (host !== "0.0.0.0" && host !== "::") return host;
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.family === "IPv4" && !each.internal);
  return outside?.address ?? "127.0.0.1";
}
