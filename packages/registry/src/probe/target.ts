import { lookup as systemLookup, type LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";

import { whyNotClaimable } from "../access/claimable-address.ts";

/** Splits `host:port`; undefined when it is none. */
export function splitHostPort(text: string): { readonly host: string; readonly port: number } | undefined {
  const found = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(found?.[3]);
  const host = found?.[1] ?? found?.[2];
  return host === undefined || port > 65_535 || port < 1 ? undefined : { host, port };
}

/** True for addresses that no service may claim: a check that a stranger registers must not read a cloud's secrets to us. */
export function isForbiddenTarget(host: string): boolean {
  return whyNotClaimable(host.replace(/^\[|\]$/g, "")) !== undefined;
}

/** Resolves names as ever, and refuses those that lead to a forbidden address. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  systemLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error !== null) return callback(error, "", 0);
    const allowed = addresses.filter(({ address }) => !isForbiddenTarget(address));
    const [first] = allowed;
    if (first === undefined) return callback(forbidden(hostname), "", 0);
    if (options.all) return callback(null, allowed);
    return callback(null, first.address, first.family);
  });
};

export function forbidden(host: string): Error {
  return new Error(`${host} is an address that no check may reach`);
}
