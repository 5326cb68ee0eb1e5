import type { Directory } from "@enmesh/discovery";
import { serviceNameOf } from "@enmesh/routing";
import type { Routing } from "./routing.ts";

/** Spellings remembered at most; beyond that they are worked out anew. */
const maxRemembered = 1_000;

/**
 * Says which service a host name means, or undefined when it is none of the mesh. What once was a service stays one, so that a
 * service without instances fails as a service and not as an unknown host.
 */
export function createServiceNames(
  directory: Directory,
  routing: Pick<Routing, "handles">,
  namespace: string,
): (authority: string) => string | undefined {
  const known = new Map<string, string>();
  // Only our own namespace is known for one: `orders.com` must not become the service `orders`.
  const namespaces = new Set([namespace]);
  return (authority) => {
    const remembered = known.get(authority);
    if (remembered !== undefined) return remembered;
    const name = serviceNameOf(authority, { namespaces });
    const isKnown = directory.isKnown(name);
    // Before discovery has said a word, a single label is taken for a service; the call then waits for that word.
    const isOurs =
      isKnown === true ||
      routing.handles(name) ||
      (isKnown === undefined && name !== "localhost" && /^[a-z][a-z0-9-]*$/.test(name));
    if (!isOurs) return undefined;
    if (isKnown !== undefined && known.size < maxRemembered) known.set(authority, name);
    return name;
  };
}
