import { claimOf, type EurekaClaim } from "../eureka/claim.ts";
import { mounts } from "../eureka/paths.ts";
import { plainText } from "../http/answers.ts";
import { decodeBody } from "../http/body.ts";
import { checkSpec } from "../http/check-spec.ts";
import { Rejection, type Answer, type Ask } from "../http/exchange.ts";
import { readService } from "../http/service-rules.ts";
import { serviceSpec } from "../http/service-spec.ts";
import type { Store } from "../state/store.ts";
import { mayWrite, type Caller } from "./rights.ts";

/** Why a caller may not do what it asks, as an answer; undefined when it may. */
export type Guard = (caller: Caller, routePath: string, ask: Ask) => Answer | undefined;

export interface GuardOptions {
  readonly store: Store;
  /** Instances that may be listed with one token. */
  readonly maxInstances: number;
}

/** The services that a request would change; undefined when it changes more than services, which takes an admin. */
type ServicesOf = (ask: Ask) => readonly string[] | undefined;

/**
 * Holds each caller to its rights: reading, or changing its own services, or everything. What is not known to change
 * services only, takes an admin: a route that is added later is closed until it is listed here.
 */
export function makeGuard({ store, maxInstances }: GuardOptions): Guard {
  const { catalog } = store;
  const changes: ReadonlyMap<string, ServicesOf> = new Map<string, ServicesOf>([
    ["/v1/agent/service/register", ({ body }) => registered(body)],
    ["/v1/agent/service/deregister/*", ({ rest }) => ofService(rest)],
    ["/v1/agent/service/maintenance/*", ({ rest }) => ofService(rest)],
    ["/v1/agent/check/register", ({ body }) => ofNewCheck(body)],
    ["/v1/agent/check/deregister/*", ({ rest }) => ofCheck(rest)],
    ["/v1/agent/check/pass/*", ({ rest }) => ofCheck(rest)],
    ["/v1/agent/check/warn/*", ({ rest }) => ofCheck(rest)],
    ["/v1/agent/check/fail/*", ({ rest }) => ofCheck(rest)],
    ["/v1/agent/check/update/*", ({ rest }) => ofCheck(rest)],
    ...mounts.map((mount): [string, ServicesOf] => [`${mount}/*`, (ask) => claimed(claimOf(ask))]),
  ]);

  return (caller, routePath, ask) => {
    if (caller.rights === "admin") return tooMany(caller, routePath, ask);
    if (ask.method === "GET" || ask.method === "OPTIONS") return undefined;
    try {
      const services = changes.get(routePath)?.(ask);
      if (services === undefined) return forbidden(`token "${caller.name}" has no right to this; it takes an admin`);
      const foreign = services.find((service) => !mayWrite(caller, service));
      if (foreign === undefined) return tooMany(caller, routePath, ask);
      return forbidden(`token "${caller.name}" has no right to change the service ${JSON.stringify(foreign)}`);
    } catch (error) {
      if (error instanceof Rejection) return plainText(error.status, error.message);
      throw error;
    }
  };

  /** A registration may take over an instance, or a check, that is listed for another service: both must be the caller's. */
  function registered(body: Buffer | undefined): string[] {
    const { service, checks } = readService(decodeBody(body, serviceSpec));
    return [service.name, ...ofService(service.id), ...checks.flatMap(({ id }) => ofCheck(id) ?? [nodeItself])];
  }

  function ofNewCheck(body: Buffer | undefined): string[] | undefined {
    const { CheckID, ID, Name, ServiceID } = decodeBody(body, checkSpec);
    if (ServiceID === "") return undefined;
    const id = [CheckID, ID, Name].find((each) => each !== "") ?? "";
    return [...ofService(ServiceID), ...(ofCheck(id) ?? [nodeItself])];
  }

  /** An instance of Eureka, and whatever else is listed under its ids. */
  function claimed(claim: EurekaClaim | undefined): string[] | undefined {
    if (claim === undefined) return undefined;
    const { service, ownId, listedId } = claim;
    const listed = ofService(listedId).filter((name) => name.toLowerCase() === service);
    return [service, ...ofService(ownId), ...listed];
  }

  /** None for an id that is unknown: whoever asks is told so. */
  function ofService(id: string): string[] {
    const service = catalog.services.get(id);
    return service === undefined ? [] : [service.name];
  }

  function ofCheck(id: string): string[] | undefined {
    const check = catalog.checks.get(id);
    if (check === undefined) return [];
    return check.serviceId === "" ? undefined : [check.serviceName];
  }

  function tooMany(caller: Caller, routePath: string, ask: Ask): Answer | undefined {
    if (catalog.services.size < maxInstances || instancesOf(caller) < maxInstances) return undefined;
    const id = registeredId(routePath, ask);
    if (id === undefined || catalog.services.has(id)) return undefined;
    return plainText(
      429,
      `Too many instances: "${caller.name}" may list ${maxInstances}; deregister some, or raise "maxInstances"`,
    );
  }

  function instancesOf({ rights }: Caller): number {
    if (typeof rights === "string") return catalog.services.size;
    return rights.write.reduce((sum, name) => sum + (catalog.groups.get(name)?.instances.size ?? 0), 0);
  }
}

/** The id of the instance that a request would list; undefined when it would list none. */
function registeredId(routePath: string, ask: Ask): string | undefined {
  try {
    if (routePath === "/v1/agent/service/register" && ask.method === "PUT") {
      const { ID, Name } = decodeBody(ask.body, serviceSpec);
      return ID === "" ? Name : ID;
    }
    const isEureka = ask.method === "POST" && mounts.some((mount) => routePath === `${mount}/*`);
    return isEureka ? claimOf(ask)?.ownId : undefined;
  } catch (error) {
    // It would list nothing: let the route say what is wrong with it.
    if (error instanceof Rejection) return undefined;
    throw error;
  }
}

/** No service can be called so: nobody but an admin has a right to the node. */
const nodeItself = "";

function forbidden(reason: string): Answer {
  return plainText(403, `Permission denied: ${reason}`);
}
