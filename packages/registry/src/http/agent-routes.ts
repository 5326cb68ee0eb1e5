import { checkShape, serviceShape } from "../filter/schema.ts";
import { parseBool } from "../go/numbers.ts";
import { renderCheck, sortedChecks } from "../render/check.ts";
import { renderAgentService } from "../render/service.ts";
import { done, json } from "./answers.ts";
import { decodeBody } from "./body.ts";
import { filterOf } from "./choice.ts";
import { readContentHash } from "./content-hash.ts";
import type { Context } from "./context.ts";
import { durably } from "./durable.ts";
import { Rejection, type Ask, type Route } from "./exchange.ts";
import { readService } from "./service-rules.ts";
import { serviceSpec } from "./service-spec.ts";

/** Registration, and the agent's own view of what is registered. */
export function agentRoutes(context: Context): Route[] {
  const { agent, store, node } = context;

  return [
    {
      path: "/v1/agent/service/register",
      handlers: {
        PUT: ({ body, query }) => {
          const { service, checks } = readService(decodeBody(body, serviceSpec), context.runsScripts);
          const replaces = query.has("replace-existing-checks") && query.get("replace-existing-checks") !== "false";
          return durably(context, () => {
            agent.registerService(service, checks, replaces);
            return done;
          });
        },
      },
    },
    {
      path: "/v1/agent/service/deregister/*",
      handlers: {
        PUT: ({ rest: id }) =>
          durably(context, () => {
            if (agent.deregisterService(id)) return done;
            throw new Rejection(
              404,
              `Unknown service ID ${JSON.stringify(id)}. Ensure that the service ID is passed, not the service name.`,
            );
          }),
      },
    },
    {
      path: "/v1/agent/service/maintenance/*",
      handlers: {
        PUT: (ask) => {
          if (ask.rest === "") throw new Rejection(400, "Missing service ID");
          return setMaintenance(ask, ask.rest);
        },
      },
    },
    { path: "/v1/agent/maintenance", handlers: { PUT: (ask) => setMaintenance(ask, "") } },
    {
      path: "/v1/agent/service/*",
      handlers: {
        GET: (ask) => readContentHash(context, ask),
      },
    },
    {
      path: "/v1/agent/services",
      handlers: {
        GET: ({ query }) => {
          const isWanted = filterOf(query, serviceShape);
          const own = [...store.catalog.services.values()].filter((service) => service.node === undefined);
          const services = own.toSorted((a, b) => (a.id < b.id ? -1 : 1));
          const rendered = services.map(
            (service) => [service.id, renderAgentService(service, node.datacenter)] as const,
          );
          return json(renderMap(rendered.filter(([, service]) => isWanted(service))));
        },
      },
    },
    {
      path: "/v1/agent/checks",
      handlers: {
        GET: ({ query }) => {
          const isWanted = filterOf(query, checkShape, "");
          const registered = [...store.catalog.checks.values()].filter((check) => check.node === undefined);
          const checks = sortedChecks(registered);
          // The agent knows the last word of each check, and keeps no indexes of its own.
          const own = checks.map((check) => ({
            ...check,
            output: agent.outputOf(check),
            createIndex: 0,
            modifyIndex: 0,
          }));
          const rendered = own.map((check) => [check.id, renderCheck(check, node.name)] as const);
          return json(renderMap(rendered.filter(([, check]) => isWanted(check))));
        },
      },
    },
  ];

  function setMaintenance({ query }: Ask, serviceId: string): ReturnType<typeof durably> {
    const given = query.get("enable");
    if (given === null || given === "") throw new Rejection(400, "Missing value for enable");
    const isOn = parseBool(given);
    if (isOn === undefined) throw new Rejection(400, `Invalid value for enable: ${JSON.stringify(given)}`);
    return durably(context, () => {
      if (agent.setMaintenance(serviceId, isOn, query.get("reason") ?? "")) return done;
      throw new Rejection(404, `No service registered with ID ${JSON.stringify(serviceId)}`);
    });
  }
}

/** An object in JSON whose keys may be any text, in the order given. */
export function renderMap(entries: readonly (readonly [string, unknown])[]): string {
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`;
}
