/** What a field of an answer holds, as far as expressions may ask about it. */
export type Shape =
  | "text"
  | "number"
  | "truth"
  /** A list of texts. */
  | "texts"
  /** A map of texts. */
  | "map"
  /** A map whose values are structs. */
  | { readonly mapOf: Struct }
  /** A list whose items are structs: it matches where any of them does. */
  | { readonly listOf: Struct }
  | { readonly struct: Struct };

export type Struct = Readonly<Record<string, Shape>>;

const serviceAddress: Struct = { Address: "text", Port: "number" };
const weights: Struct = { Passing: "number", Warning: "number" };
const proxy: Struct = {
  DestinationServiceName: "text",
  DestinationServiceID: "text",
  LocalServiceAddress: "text",
  LocalServicePort: "number",
  Mode: "text",
};

export const nodeShape: Struct = {
  ID: "text",
  Node: "text",
  Address: "text",
  Datacenter: "text",
  TaggedAddresses: "map",
  Meta: "map",
};

export const checkShape: Struct = {
  Node: "text",
  CheckID: "text",
  Name: "text",
  Status: "text",
  Notes: "text",
  Output: "text",
  ServiceID: "text",
  ServiceName: "text",
  ServiceTags: "texts",
  Type: "text",
};

/** A service of a node, as the agent and the catalog of one node show it. */
export const serviceShape: Struct = {
  Kind: "text",
  ID: "text",
  Service: "text",
  Tags: "texts",
  Address: "text",
  TaggedAddresses: { mapOf: serviceAddress },
  Meta: "map",
  Port: "number",
  Weights: { struct: weights },
  EnableTagOverride: "truth",
  Proxy: { struct: proxy },
};

/** A service as the list of a service's instances shows it. */
export const serviceNodeShape: Struct = {
  ID: "text",
  Node: "text",
  Address: "text",
  Datacenter: "text",
  TaggedAddresses: "map",
  NodeMeta: "map",
  ServiceKind: "text",
  ServiceID: "text",
  ServiceName: "text",
  ServiceTags: "texts",
  ServiceAddress: "text",
  ServiceTaggedAddresses: { mapOf: serviceAddress },
  ServiceMeta: "map",
  ServicePort: "number",
  ServiceWeights: { struct: weights },
  ServiceEnableTagOverride: "truth",
  ServiceProxy: { struct: proxy },
};

/** An instance with its node and its checks. */
export const instanceShape: Struct = {
  Node: { struct: nodeShape },
  Service: { struct: serviceShape },
  Checks: { listOf: checkShape },
};

export const memberShape: Struct = {
  Name: "text",
  Addr: "text",
  Port: "number",
  Tags: "map",
  Status: "number",
};
