import type { Service } from "../model/service.ts";
import { metaOf, taggedAddressesOf, type NodeFacts } from "./node.ts";

const proxy = Object.freeze({ Mode: "", MeshGateway: {}, Expose: {} });

/** An instance as health answers show it: a Go `structs.NodeService`. */
export function renderNodeService(service: Service): object {
  return {
    ID: service.id,
    Service: service.name,
    Tags: service.tags,
    Address: service.address,
    ...(service.taggedAddresses === null ? {} : { TaggedAddresses: service.taggedAddresses }),
    Meta: service.meta,
    Port: service.port,
    Weights: service.weights,
    EnableTagOverride: service.enableTagOverride,
    Proxy: proxy,
    Connect: {},
    PeerName: "",
    CreateIndex: service.createIndex,
    ModifyIndex: service.modifyIndex,
  };
}

/** An instance as the agent shows it: a Go `api.AgentService`. */
export function renderAgentService(service: Service, datacenter: string): object {
  return {
    ID: service.id,
    Service: service.name,
    Tags: service.tags,
    Meta: service.meta ?? {},
    Port: service.port,
    Address: service.address,
    ...(service.taggedAddresses === null ? {} : { TaggedAddresses: service.taggedAddresses }),
    Weights: service.weights,
    EnableTagOverride: service.enableTagOverride,
    Datacenter: datacenter,
  };
}

/** An instance as the catalog shows it: a Go `structs.ServiceNode`. */
export function renderServiceNode(service: Service, node: NodeFacts): object {
  return {
    ID: node.id,
    Node: node.name,
    Address: node.address,
    Datacenter: node.datacenter,
    TaggedAddresses: taggedAddressesOf(node),
    NodeMeta: metaOf(node),
    ServiceKind: "",
    ServiceID: service.id,
    ServiceName: service.name,
    ServiceTags: service.tags,
    ServiceAddress: service.address,
    ...(service.taggedAddresses === null ? {} : { ServiceTaggedAddresses: service.taggedAddresses }),
    ServiceWeights: service.weights,
    ServiceMeta: service.meta ?? {},
    ServicePort: service.port,
    ServiceEnableTagOverride: service.enableTagOverride,
    ServiceProxy: proxy,
    ServiceConnect: {},
    CreateIndex: service.createIndex,
    ModifyIndex: service.modifyIndex,
  };
}

/** The service that every Consul server offers. */
export function consulService(index: number, version: string): Service {
  return {
    id: "consul",
    name: "consul",
    tags: [],
    address: "",
    port: 8300,
    meta: { version },
    taggedAddresses: null,
    weights: { Passing: 1, Warning: 1 },
    enableTagOverride: false,
    createIndex: index,
    modifyIndex: index,
  };
}
