import type { Ask } from "../http/exchange.ts";
import { serviceIdOf } from "./catalog-service.ts";
import { readBody } from "./format.ts";
import { partsOf } from "./paths.ts";
import { instanceIdOf } from "./read-instance.ts";
import { fieldOf } from "./values.ts";
import { mostInstanceBytes } from "./writes.ts";

/** What a request wants to change. */
export interface EurekaClaim {
  /** The name in the catalog. */
  readonly service: string;
  /** The id in the catalog that an instance of Eureka has; empty when the request names none. */
  readonly ownId: string;
  /** The id under which an instance of the Consul API is listed to Eureka's clients: its own. */
  readonly listedId: string;
}

/**
 * Which instance a request is about to change; undefined when it is about more than one application.
 *
 * @throws Rejection when the request cannot be understood.
 */
export function claimOf(ask: Ask): EurekaClaim | undefined {
  const [kind, app, id] = partsOf(ask.target);
  if (kind !== "apps" || app === undefined) return undefined;
  const service = app.toLowerCase();
  if (id !== undefined) return { service, ownId: serviceIdOf(app, id), listedId: id };
  if (ask.method !== "POST") return { service, ownId: "", listedId: "" };
  const given = instanceIdOf(fieldOf(readBody(ask, mostInstanceBytes), "instance"));
  return { service, ownId: serviceIdOf(app, given), listedId: "" };
}
