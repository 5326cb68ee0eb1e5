import { eurekaRoutes } from "../eureka/routes.ts";
import { agentRoutes } from "./agent-routes.ts";
import { agentHealthRoutes } from "./agent-health-routes.ts";
import { catalogRoutes } from "./catalog-routes.ts";
import { catalogWriteRoutes } from "./catalog-write-routes.ts";
import { checkRoutes } from "./check-routes.ts";
import type { Context } from "./context.ts";
import { eventRoutes } from "./event-routes.ts";
import type { Route } from "./exchange.ts";
import { healthRoutes } from "./health-routes.ts";
import { kvRoutes } from "./kv-routes.ts";
import { nodeRoutes } from "./node-routes.ts";
import { selfRoutes } from "./self-routes.ts";
import { sessionRoutes } from "./session-routes.ts";
import { txnRoutes } from "./txn-routes.ts";

/** Everything the registry answers to. A further API over the same state is one more line here. */
export function allRoutes(context: Context): Route[] {
  return [
    ...agentRoutes(context),
    ...checkRoutes(context),
    ...selfRoutes(context),
    ...agentHealthRoutes(context),
    ...nodeRoutes(context),
    ...catalogRoutes(context),
    ...catalogWriteRoutes(context),
    ...healthRoutes(context),
    ...kvRoutes(context),
    ...sessionRoutes(context),
    ...txnRoutes(context),
    ...eventRoutes(context),
    ...eurekaRoutes(context),
  ];
}
