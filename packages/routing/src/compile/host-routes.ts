import { type Random, type Refusal, refuse, type RoutePlan, type Routing } from "@enmesh/core";

import type { HttpRoute, RouteDestination } from "../resources/http-route.ts";
import type { VirtualService } from "../resources/virtual-service.ts";
import type { Source } from "../schema/cursor.ts";
import { type CallSource, isAbout } from "./call-source.ts";
import type { DestinationRules } from "./destination-rules.ts";
import type { Destinations } from "./destinations.ts";
import { type Condition, conditionOf } from "./matching.ts";
import { type Choice, choiceOf } from "./weighted.ts";

/** One condition of one route, and what follows when it holds. */
interface Arm {
  /** Absent: it holds for every call. */
  readonly condition: Condition | undefined;
  readonly choose: Choice;
}

/** The routes of a VirtualService, ready to be walked: the first arm that holds decides. */
export interface HostRoutes {
  readonly arms: readonly Arm[];
  /** What is answered when none holds. */
  readonly otherwise: Refusal;
}

export interface RouteParts {
  readonly destinations: Destinations;
  readonly rules: DestinationRules;
  readonly random: Random;
  readonly source: CallSource | undefined;
}

/** Compiles the routes of a VirtualService, or gives undefined when none of them is about calls from here: then it does not apply. */
export function hostRoutes(service: VirtualService, parts: RouteParts): HostRoutes | undefined {
  const arms = service.http.flatMap((route, index) =>
    armsOf(route, `${service.name}/${route.name ?? `route[${index}]`}`, parts),
  );
  if (arms.length === 0) return undefined;
  const message = `no route of VirtualService ${service.name} (${written(service.source)}) takes this call; add a route without match at its end`;
  return { arms, otherwise: Object.freeze(refuse("ENMESH_NO_ROUTE", message, { status: 404 })) };
}

function armsOf(route: HttpRoute, name: string, parts: RouteParts): readonly Arm[] {
  const unnamed = choiceFor(route, name, parts);
  if (route.match.length === 0) return [{ condition: undefined, choose: unnamed }];
  return route.match
    .filter((match) => isAbout(match, parts.source))
    .map((match) => ({
      condition: conditionOf(match),
      choose:
        match.name === undefined || match.name === "" ? unnamed : choiceFor(route, `${name}.${match.name}`, parts),
    }));
}

function choiceFor(route: HttpRoute, name: string, parts: RouteParts): Choice {
  const plan = planOf(route, name);
  if (route.insteadOfRoute !== undefined) {
    const message = `${written(route.source)}: this route answers with ${route.insteadOfRoute}, which is not carried out in this version`;
    const refusal = Object.freeze(refuse("ENMESH_NO_ROUTE", message, { status: 501 }));
    return () => refusal;
  }
  const shares = route.destinations.map((each) => ({ weight: each.weight, value: routingTo(each, plan, parts) }));
  return choiceOf(shares, parts.random);
}

function routingTo(to: RouteDestination, plan: RoutePlan, { rules, destinations }: RouteParts): Routing | Refusal {
  const { service, subset, source } = to;
  if (subset === undefined) return routing(destinations.get(service), plan);
  const labels = rules.of(service)?.subsets.get(subset)?.labels;
  if (labels !== undefined) return routing(destinations.get(service, subset, labels), plan);
  const message = `${written(source)}: no DestinationRule for "${service}" defines the subset "${subset}"; add it there`;
  return Object.freeze(refuse("ENMESH_SUBSET_MISSING", message, { status: 503 }));
}

/** A routing that every call of its kind shares. */
export function routing(destination: Routing["destination"], plan: RoutePlan): Routing {
  return Object.freeze({ type: "routing", destination, plan });
}

function planOf({ source, timeoutMs, retry }: HttpRoute, name: string): RoutePlan {
  // All fields always, in one order: the calls read one shape.
  return Object.freeze({ name, source: written(source), timeoutMs, retry: retry && Object.freeze(retry) });
}

function written({ file, line, column }: Source): string {
  return `${file}:${line}:${column}`;
}
