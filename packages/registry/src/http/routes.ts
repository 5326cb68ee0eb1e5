import { agentRoutes } from "./agent-routes.ts";
import { catalogRoutes } from "./catalog-routes.ts";
import { checkRoutes } from "./check-routes.ts";
import type { Context } from "./context.ts";
import type { Route } from "./exchange.ts";
import { healthRoutes } from "./health-routes.ts";
import { kvRoutes } from "./kv-routes.ts";
import { selfRoutes } from "./self-routes.ts";

/** Everything the registry answers to. A further API over the same state is one more line here. */
export function allRoutes(context: Context): Route[] {
  return [
    ...agentRoutes(context),
    ...checkRoutes(context),
    ...selfRoutes(context),
    ...catalogRoutes(context),
    ...healthRoutes(context),
    ...kvRoutes(context),
  ];
}
