import { createHash } from "node:crypto";
import { networkInterfaces } from "node:os";

import type { Check } from "../model/check.ts";
import type { CatalogNode } from "../model/node.ts";
import type { Catalog } from "../state/catalog.ts";
import { isLoopback } from "../http/loopback.ts";

/** The Consul version whose answers we give. */
export const consulVersion = "1.21.0";

/** A node as answers show it: as a rule the one node of this registry. */
export interface NodeFacts {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly datacenter: string;
  /** What was registered, for a node that is not our own. */
  readonly foreign?: CatalogNode;
}

/** Describes this node. Its id follows from its names, so that it stays the same over restarts. */
export function describeNode(name: string, datacenter: string, host: string, address?: string): NodeFacts {
  return { id: stableId(`${datacenter}/${name}`), name, datacenter, address: address ?? addressOf(host) };
}

/** The node of this name; our own for no name. */
export function nodeFacts(own: NodeFacts, catalog: Catalog, name: string | undefined): NodeFacts {
  const foreign = name === undefined ? undefined : catalog.nodes.get(name);
  if (foreign === undefined) return own;
  return { id: foreign.id, name: foreign.name, address: foreign.address, datacenter: own.datacenter, foreign };
}

/** The node as a Go `structs.Node`. */
export function renderNode(node: NodeFacts, index: number): object {
  const { id, name, address, datacenter, foreign } = node;
  return {
    ID: id,
    Node: name,
    Address: address,
    Datacenter: datacenter,
    TaggedAddresses: taggedAddressesOf(node),
    Meta: metaOf(node),
    CreateIndex: foreign?.createIndex ?? index,
    ModifyIndex: foreign?.modifyIndex ?? index,
  };
}

export function metaOf({ foreign }: NodeFacts): Readonly<Record<string, string>> | null {
  return foreign === undefined ? { "consul-network-segment": "", "consul-version": consulVersion } : foreign.meta;
}

export function taggedAddressesOf({ foreign, address }: NodeFacts): object | null {
  return foreign === undefined ? taggedAddresses(address) : foreign.taggedAddresses;
}

function taggedAddresses(address: string): object {
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
