import type { Agent } from "../agent/agent.ts";
import { done } from "../http/answers.ts";
import type { Answer } from "../http/exchange.ts";
import type { EurekaStatus } from "../model/eureka.ts";
import type { Service } from "../model/service.ts";
import { refused } from "./format.ts";

/** Overrides the status of an instance that came by the Consul API: maintenance mode is what Consul has for it. */
export function maintain(agent: Agent, service: Service, status: EurekaStatus): Answer {
  if (status !== "UP" && status !== "OUT_OF_SERVICE")
    return refused(400, "this instance was registered through the Consul API: it can be OUT_OF_SERVICE, or UP again");
  if (service.node !== undefined)
    return refused(400, "this instance is on another node: its status is told by who registered it");
  agent.setMaintenance(service.id, status === "OUT_OF_SERVICE", "OUT_OF_SERVICE, by way of Eureka");
  return done;
}
