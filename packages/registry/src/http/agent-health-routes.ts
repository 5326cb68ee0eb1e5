import type { Check, CheckStatus } from "../model/check.ts";
import type { Service } from "../model/service.ts";
import { renderCheck, sortedChecks } from "../render/check.ts";
import { renderAgentService } from "../render/service.ts";
import { json } from "./answers.ts";
import type { Context } from "./context.ts";
import { Rejection, type Answer, type Ask, type Route } from "./exchange.ts";

type Aggregate = CheckStatus | "maintenance";

const codes: Readonly<Record<Aggregate, number>> = Object.freeze({
  passing: 200,
  warning: 429,
  critical: 503,
  maintenance: 503,
});

/** Here, and only here, Consul tells a definition whole, and tells nothing in it. */
const emptyDefinition = Object.freeze({
  Interval: "0s",
  Timeout: "0s",
  DeregisterCriticalServiceAfter: "0s",
  HTTP: "",
  Header: null,
  Method: "",
  Body: "",
  TLSSkipVerify: false,
  TCP: "",
});

/** How the agent's own services are, told by the status code: for balancers that only ask "may I send there?". */
export function agentHealthRoutes(context: Context): Route[] {
  const { store, agent, node } = context;
  const { catalog } = store;

  return [
    { path: "/v1/agent/health/service/id/*", handlers: { GET: byId } },
    { path: "/v1/agent/health/service/name/*", handlers: { GET: byName } },
  ];

  function byId({ rest: id, query }: Ask): Answer {
    if (id === "") throw new Rejection(400, "Missing serviceID");
    const service = catalog.ownService(id);
    if (service === undefined) {
      const message = `ServiceId ${id} not found`;
      if (isText(query)) return reasoned({ ...json(JSON.stringify(message)), status: 404 }, message);
      return reasoned(
        { ...json('{"AggregatedStatus":"critical","Service":null,"Checks":null}'), status: 404 },
        message,
      );
    }
    const status = aggregate(checksOf(service));
    if (isText(query)) return text(status);
    return reasoned({ ...json(JSON.stringify(render(service))), status: codes[status] }, status);
  }

  function byName({ rest: name, query }: Ask): Answer {
    if (name === "") throw new Rejection(400, "Missing service Name");
    const services = (catalog.groups.get(name)?.sorted() ?? []).filter((service) => service.node === undefined);
    if (services.length === 0) {
      const message = `ServiceName ${name} Not Found`;
      if (isText(query))
        return reasoned({ status: 404, headers: { "Content-Type": "text/plain" }, body: message }, message);
      return reasoned({ ...json("[]"), status: 404 }, message);
    }
    const statuses = services.map((service) => aggregate(checksOf(service)));
    const status = statuses.reduce((worst, each) => (codes[each] > codes[worst] ? each : worst));
    if (isText(query)) return text(status);
    return reasoned({ ...json(JSON.stringify(services.map(render))), status: codes[status] }, status);
  }

  /** The node's own checks count for each of its services. */
  function checksOf(service: Service): Check[] {
    return [...sortedChecks(catalog.checksOf("").values()), ...sortedChecks(catalog.checksOf(service.id).values())];
  }

  function render(service: Service): object {
    const checks = checksOf(service);
    return {
      AggregatedStatus: aggregate(checks),
      Service: renderAgentService(service, node.datacenter),
      Checks: checks.map((check) => ({
        ...renderCheck({ ...check, output: agent.outputOf(check), createIndex: 0, modifyIndex: 0 }, node.name),
        ServiceTags: check.serviceTags.length === 0 ? null : check.serviceTags,
        Type: "",
        Definition: emptyDefinition,
      })),
    };
  }
}

/** The worst status of all; a check of maintenance mode outweighs everything. */
function aggregate(checks: readonly Check[]): Aggregate {
  if (checks.some(({ id }) => id === "_node_maintenance" || id.startsWith("_service_maintenance:")))
    return "maintenance";
  const isThere = (status: CheckStatus): boolean => checks.some((check) => check.status === status);
  if (isThere("critical")) return "critical";
  return isThere("warning") ? "warning" : "passing";
}

function isText(query: URLSearchParams): boolean {
  return query.get("format") === "text";
}

function text(status: Aggregate): Answer {
  return reasoned({ status: codes[status], headers: { "Content-Type": "text/plain" }, body: status }, status);
}

function reasoned(answer: Answer, reason: string): Answer {
  return { ...answer, headers: { ...answer.headers, "X-Consul-Reason": reason.replaceAll(/[^\u0020-\u007E]/g, "?") } };
}
