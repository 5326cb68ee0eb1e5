import { serviceNameOf } from "./service-name.ts";

/** A host as a rule names it: one service, or all that end in something. */
export interface HostPattern {
  /** As written. */
  readonly text: string;
  /** The service, or undefined for a wildcard. */
  readonly service: string | undefined;
  /** What follows the `*`; empty for `*` itself, undefined for a service. */
  readonly suffix: string | undefined;
}

/** Reads a host of a rule. */
export function hostPattern(text: string): HostPattern {
  if (!text.startsWith("*")) return { text, service: serviceNameOf(text), suffix: undefined };
  return { text, service: undefined, suffix: text.slice(1).toLowerCase() };
}

/**
 * True when the pattern means this service. A service with a short name is also known as `name.<any namespace>.svc.cluster.local`,
 * so `*.local` and `*.shop.svc.cluster.local` mean it; `*.example.com` does not.
 */
export function meansService(pattern: HostPattern, service: string): boolean {
  if (pattern.suffix === undefined) return pattern.service === service;
  if (pattern.suffix === "") return true;
  return service.includes(".") ? service.endsWith(pattern.suffix) : isClusterSuffix(pattern.suffix);
}

/** True for a wildcard that is about one namespace, which is not told apart yet. */
export function isNamespaceSuffix(suffix: string): boolean {
  return /^\.[a-z0-9-]+\.svc(\.cluster\.local)?$/.test(suffix);
}

function isClusterSuffix(suffix: string): boolean {
  return (
    suffix === ".local" || suffix === ".cluster.local" || suffix === ".svc.cluster.local" || isNamespaceSuffix(suffix)
  );
}

/** Most specific first: services, then the longest suffix. */
export function bySpecificity(one: HostPattern, other: HostPattern): number {
  return rank(other) - rank(one);
}

function rank(pattern: HostPattern): number {
  return pattern.suffix === undefined ? Number.MAX_SAFE_INTEGER : pattern.suffix.length;
}
