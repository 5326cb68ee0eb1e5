import { DecodeError } from "../go/decode-error.ts";
import { anything, flag, integer, list, map, struct, text, type Decoder, type Fields } from "../go/decode.ts";
import type { ServiceAddress } from "../model/service.ts";
import { checkSpec, type CheckSpec } from "./check-spec.ts";

/** The share of traffic that an instance takes, by its status. */
export interface Weights {
  readonly Passing: number;
  readonly Warning: number;
}

/** A service as clients send it: Consul's own field names. */
export interface ServiceSpec {
  readonly ID: string;
  readonly Name: string;
  readonly Kind: string;
  readonly Tags: readonly string[];
  readonly Address: string;
  readonly Port: number;
  readonly Meta: Readonly<Record<string, string>> | null;
  readonly TaggedAddresses: Readonly<Record<string, ServiceAddress>> | null;
  readonly Weights: Weights | undefined;
  readonly EnableTagOverride: boolean;
  readonly Check: CheckSpec | undefined;
  readonly Checks: readonly CheckSpec[];
}

const ignored: Fields<Record<string, unknown>> = {
  Token: text,
  SocketPath: text,
  Proxy: anything,
  Connect: anything,
  Locality: anything,
  Namespace: text,
  Partition: text,
  EnterpriseMeta: anything,
};

/** Left out, a port is 0 and the service has none. Whoever writes 0 means a port, and nobody can call that one. */
const ownPort: Decoder<number> = (value, at) => {
  if (value === 0) throw new DecodeError('port 0 cannot be called: give 1 to 65535, or leave "Port" out');
  return integer(value, at);
};

const fields: Fields<ServiceSpec> = {
  ID: text,
  Name: text,
  Kind: text,
  Tags: list(text, "string"),
  Address: text,
  Port: ownPort,
  Meta: map(text, "string"),
  TaggedAddresses: map(struct<ServiceAddress>({ Address: text, Port: integer }), "structs.ServiceAddress"),
  Weights: optional(struct<Weights>({ Passing: integer, Warning: integer })),
  EnableTagOverride: flag,
  Check: optional(checkSpec),
  Checks: list(checkSpec, "*structs.CheckType"),
};

export const serviceSpec: Decoder<ServiceSpec> = struct<ServiceSpec>(
  { ...ignored, ...fields },
  {
    enable_tag_override: "EnableTagOverride",
    tagged_addresses: "TaggedAddresses",
  },
);

function optional<T>(decoder: Decoder<T>): Decoder<T | undefined> {
  return (value, at) => (value === null || value === undefined ? undefined : decoder(value, at));
}
