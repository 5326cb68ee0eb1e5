import { anything, flag, integer, list, map, struct, text, type Decoder } from "../go/decode.ts";
import type { ServiceAddress } from "../model/service.ts";
import type { Weights } from "./service-spec.ts";

/** A service as the catalog is told of it: a Go `structs.NodeService`. */
export interface CatalogServiceSpec {
  readonly ID: string;
  readonly Service: string;
  readonly Tags: readonly string[];
  readonly Address: string;
  readonly TaggedAddresses: Readonly<Record<string, ServiceAddress>> | null;
  readonly Meta: Readonly<Record<string, string>> | null;
  readonly Port: number;
  readonly Weights: Weights | undefined;
  readonly EnableTagOverride: boolean;
}

/** A check as the catalog is told of it: a Go `structs.HealthCheck`. */
export interface CatalogCheckSpec {
  readonly Node: string;
  readonly CheckID: string;
  readonly Name: string;
  readonly Status: string;
  readonly Notes: string;
  readonly Output: string;
  readonly ServiceID: string;
  readonly Type: string;
  readonly Definition: unknown;
}

export interface CatalogRegistration {
  readonly ID: string;
  readonly Node: string;
  readonly Address: string;
  readonly TaggedAddresses: Readonly<Record<string, string>> | null;
  readonly NodeMeta: Readonly<Record<string, string>> | null;
  readonly Service: CatalogServiceSpec | undefined;
  readonly Check: CatalogCheckSpec | undefined;
  readonly Checks: readonly CatalogCheckSpec[];
  readonly SkipNodeUpdate: boolean;
  readonly Datacenter: string;
}

export interface CatalogDeregistration {
  readonly Node: string;
  readonly ServiceID: string;
  readonly CheckID: string;
  readonly Datacenter: string;
}

type Ignored<Name extends string> = Readonly<Record<Name, unknown>>;

const weights = struct<Weights>({ Passing: integer, Warning: integer });

const service = struct<
  CatalogServiceSpec &
    Ignored<
      | "Kind"
      | "Proxy"
      | "Connect"
      | "SocketPath"
      | "Locality"
      | "PeerName"
      | "Namespace"
      | "Partition"
      | "CreateIndex"
      | "ModifyIndex"
    >
>({
  Kind: text,
  ID: text,
  Service: text,
  Tags: list(text, "string"),
  Address: text,
  TaggedAddresses: map(struct<ServiceAddress>({ Address: text, Port: integer }), "structs.ServiceAddress"),
  Meta: map(text, "string"),
  Port: integer,
  Weights: optional(weights),
  EnableTagOverride: flag,
  Proxy: anything,
  Connect: anything,
  SocketPath: text,
  Locality: anything,
  PeerName: text,
  Namespace: text,
  Partition: text,
  CreateIndex: anything,
  ModifyIndex: anything,
});

const check = struct<
  CatalogCheckSpec &
    Ignored<
      | "ServiceName"
      | "ServiceTags"
      | "Interval"
      | "Timeout"
      | "ExposedPort"
      | "PeerName"
      | "Namespace"
      | "Partition"
      | "CreateIndex"
      | "ModifyIndex"
    >
>({
  Node: text,
  CheckID: text,
  Name: text,
  Status: text,
  Notes: text,
  Output: text,
  ServiceID: text,
  Type: text,
  Definition: anything,
  ServiceName: text,
  ServiceTags: list(text, "string"),
  Interval: anything,
  Timeout: anything,
  ExposedPort: anything,
  PeerName: text,
  Namespace: text,
  Partition: text,
  CreateIndex: anything,
  ModifyIndex: anything,
});

export const catalogRegistration: Decoder<CatalogRegistration> = struct<
  CatalogRegistration & Ignored<"Namespace" | "Partition" | "Locality" | "PeerName" | "Token">
>({
  ID: text,
  Node: text,
  Address: text,
  TaggedAddresses: map(text, "string"),
  NodeMeta: map(text, "string"),
  Service: optional(service),
  Check: optional(check),
  Checks: list(check, "*structs.HealthCheck"),
  SkipNodeUpdate: flag,
  Datacenter: text,
  Namespace: text,
  Partition: text,
  Locality: anything,
  PeerName: text,
  Token: text,
});

export const catalogDeregistration: Decoder<CatalogDeregistration> = struct<
  CatalogDeregistration & Ignored<"Address" | "Namespace" | "Partition" | "PeerName" | "Token">
>({
  Node: text,
  ServiceID: text,
  CheckID: text,
  Datacenter: text,
  Address: text,
  Namespace: text,
  Partition: text,
  PeerName: text,
  Token: text,
});

function optional<T>(decoder: Decoder<T>): Decoder<T | undefined> {
  return (value, at) => (value === null || value === undefined ? undefined : decoder(value, at));
}
