import { bearsTags } from "../render/health.ts";
import { consulVersion, renderNode } from "../render/node.ts";
import { consulService, renderNodeService, renderServiceNode } from "../render/service.ts";
import { topics } from "../state/topics.ts";
import type { Service } from "../model/service.ts";
import { renderMap } from "./agent-routes.ts";
import { json } from "./answers.ts";
import { answerRead } from "./blocking-query.ts";
import type { Context } from "./context.ts";
import { Rejection, type Ask, type Route } from "./exchange.ts";

/** Which services, instances and nodes there are. */
export function catalogRoutes(context: Context): Route[] {
  const { node } = context;
  const { catalog } = context.store;
  const own = (): Service => consulService(catalog.nodeIndex, consulVersion);

  return [
    { path: "/v1/catalog/datacenters", handlers: { GET: () => json(JSON.stringify([node.datacenter])) } },
    {
      path: "/v1/catalog/services",
      handlers: {
        GET: (ask) =>
          answerRead(context, ask, {
            topics: [topics.services],
            index: () => catalog.servicesIndex,
            answer: () => json(renderMap(tagsByName([own(), ...catalog.services.values()]))),
          }),
      },
    },
    {
      path: "/v1/catalog/service/*",
      handlers: {
        GET: (ask) => {
          const { rest: name, query } = ask;
          if (name === "") throw new Rejection(400, "Missing service name");
          const tags = query.getAll("tag");
          return answerRead(context, ask, {
            topics: [topics.service(name), topics.node],
            index: () => catalog.indexOf(name),
            answer: () => {
              const instances = name === "consul" ? [own()] : (catalog.groups.get(name)?.sorted() ?? []);
              const chosen = instances.filter((service) => bearsTags(service.tags, tags));
              return json(JSON.stringify(chosen.map((service) => renderServiceNode(service, node))));
            },
          });
        },
      },
    },
    {
      path: "/v1/catalog/nodes",
      handlers: {
        GET: (ask) =>
          answerRead(context, ask, {
            topics: [],
            index: () => catalog.nodeIndex,
            answer: () => json(JSON.stringify([renderNode(node, catalog.nodeIndex)])),
          }),
      },
    },
    {
      path: "/v1/catalog/node/*",
      handlers: {
        GET: (ask) =>
          ofNode(ask, (services) => renderMap(services.map((service) => [service.id, renderNodeService(service)]))),
      },
    },
    {
      path: "/v1/catalog/node-services/*",
      handlers: { GET: (ask) => ofNode(ask, (services) => JSON.stringify(services.map(renderNodeService))) },
    },
  ];

  function ofNode(ask: Ask, render: (services: readonly Service[]) => string): ReturnType<typeof answerRead> {
    return answerRead(context, ask, {
      topics: [topics.services],
      index: () => catalog.servicesIndex,
      answer: () => {
        if (ask.rest !== node.name) return json("null");
        const services = [own(), ...catalog.services.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
        return json(`{"Node":${JSON.stringify(renderNode(node, catalog.nodeIndex))},"Services":${render(services)}}`);
      },
    });
  }
}

/** Every service name with the tags of all its instances. */
function tagsByName(services: readonly Service[]): [string, string[]][] {
  const tags = new Map<string, Set<string>>();
  for (const service of services) {
    const known = tags.get(service.name) ?? new Set();
    tags.set(service.name, known);
    for (const tag of service.tags) known.add(tag);
  }
  const names = [...tags].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return names.map(([name, all]) => [name, [...all].toSorted()]);
}
