import { isIP } from "node:net";

import { refuseUnclaimable } from "../access/claimable-address.ts";
import type { CheckDefinition } from "../model/check.ts";
import type { ServiceDefinition } from "../model/service.ts";
import { refuseOddId, refuseScripts, toDefinition, validateCheck, type CheckSpec } from "./check-spec.ts";
import { Rejection } from "./exchange.ts";
import type { ServiceSpec, Weights } from "./service-spec.ts";

/**
 * Turns what a client sent into what the registry keeps.
 *
 * @throws Rejection in Consul's words and in its order of looking.
 */
export function readService(
  spec: ServiceSpec,
  runsScripts = false,
): { service: ServiceDefinition; checks: CheckDefinition[] } {
  if (spec.Name === "") throw new Rejection(400, "Missing service name");
  if (/^(0\.0\.0\.0|::|\[::\])$/.test(spec.Address)) throw new Rejection(400, "Invalid service address");
  refuseUnclaimable(spec.Address, spec.Port);
  for (const { Address, Port } of Object.values(spec.TaggedAddresses ?? {})) refuseUnclaimable(Address, Port);
  validateMeta(spec.Meta);
  validateWeights(spec.Weights);
  if (spec.Kind !== "") {
    throw new Rejection(
      400,
      `Invalid service kind ${JSON.stringify(spec.Kind)}: this registry lists services, not Consul's own proxies`,
    );
  }

  const { id, specs } = withChecks(spec);
  refuseOddId(id);
  for (const each of specs) {
    validateCheck(each);
    if (!["", "passing", "warning", "critical"].includes(each.Status)) {
      throw new Rejection(400, "Status for checks must 'passing', 'warning', 'critical'");
    }
  }
  if (!runsScripts) for (const each of specs) refuseScripts(each);
  return { service: toService(spec, id), checks: named(specs, id, spec.Name) };
}

/** Service checks have ids after their service, numbered when there are several. */
function named(specs: readonly CheckSpec[], serviceId: string, serviceName: string): CheckDefinition[] {
  return specs.map((spec, at) => {
    const ownId = spec.CheckID === "" ? spec.ID : spec.CheckID;
    const id = ownId === "" ? `service:${serviceId}${specs.length > 1 ? `:${at + 1}` : ""}` : ownId;
    return toDefinition(spec, id, spec.Name === "" ? `Service '${serviceName}' check` : spec.Name);
  });
}

function withChecks(spec: ServiceSpec): { id: string; specs: readonly CheckSpec[] } {
  const single = spec.Check !== undefined && !isEmpty(spec.Check) ? [spec.Check] : [];
  return { id: spec.ID === "" ? spec.Name : spec.ID, specs: [...single, ...spec.Checks] };
}

function isEmpty(spec: CheckSpec): boolean {
  return Object.values(spec).every((value) => !value || (Array.isArray(value) && value.length === 0));
}

function toService(spec: ServiceSpec, id: string): ServiceDefinition {
  const isMetaEmpty = spec.Meta === null || Object.keys(spec.Meta).length === 0;
  return {
    id,
    name: spec.Name,
    tags: spec.Tags,
    address: spec.Address,
    port: spec.Port,
    meta: isMetaEmpty ? null : spec.Meta,
    taggedAddresses: withOwnAddress(spec),
    weights: spec.Weights ?? { Passing: 1, Warning: 1 },
    enableTagOverride: spec.EnableTagOverride,
  };
}

/** Consul lists an IP address once more, as `lan_ipv4` and `wan_ipv4` (or `…_ipv6`). */
function withOwnAddress({ Address, Port, TaggedAddresses }: ServiceSpec): ServiceSpec["TaggedAddresses"] {
  const family = isIP(Address);
  const own = { Address, Port };
  const added = family === 0 ? {} : { [`lan_ipv${family}`]: own, [`wan_ipv${family}`]: own };
  const all = { ...added, ...TaggedAddresses };
  return Object.keys(all).length === 0 ? null : all;
}

function validateWeights(weights: Weights | undefined): void {
  if (weights === undefined) return;
  if (weights.Passing < 1) throw new Rejection(400, "Invalid Weights: Passing must be greater than 0");
  if (weights.Warning < 0) throw new Rejection(400, "Invalid Weights: Warning must be greater or equal than 0");
  if (weights.Passing > 65_535 || weights.Warning > 65_535) {
    throw new Rejection(400, "Invalid Weights: DNS Weight must be between 0 and 65535");
  }
}

function validateMeta(meta: Readonly<Record<string, string>> | null): void {
  const pairs = Object.entries(meta ?? {});
  if (pairs.length > 64)
    throw new Rejection(400, "Invalid Service Meta: Node metadata cannot contain more than 64 key/value pairs");
  for (const [key, value] of pairs) {
    const problem = metaProblem(key, value);
    if (problem === undefined) continue;
    throw new Rejection(400, `Invalid Service Meta: Couldn't load metadata pair ('${key}', '${value}'): ${problem}`);
  }
}

function metaProblem(key: string, value: string): string | undefined {
  if (key === "") return "Key cannot be blank";
  if (!/^[A-Za-z0-9_-]+$/.test(key)) return "Key contains invalid characters";
  if (key.length > 128) return "Key is too long (limit: 128 characters)";
  if (Buffer.byteLength(value) > 512) return "Value is too long (limit: 512 characters)";
  return undefined;
}
