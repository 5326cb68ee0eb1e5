import { nodeShape, serviceNodeShape, serviceShape } from "../filter/schema.ts";
import { bearsTags } from "../render/health.ts";
import { consulVersion, nodeFacts, renderNode, type NodeFacts } from "../render/node.ts";
import { consulService, renderNodeService, renderServiceNode } from "../render/service.ts";
import { topics } from "../state/topics.ts";
import type { Service } from "../model/service.ts";
import { renderMap } from "./agent-routes.ts";
import { json } from "./answers.ts";
import { answerRead } from "./blocking-query.ts";
import { filterOf, isChoosy, keepAll, nodeChoice } from "./choice.ts";
import type { Context } from "./context.ts";
import { Rejection, type Ask, type Route } from "./exchange.ts";

/** Which services, instances and nodes there are. */
export function catalogRoutes(context: Context): Route[] {
  const { node } = context;
  const { catalog } = context.store;
  const own = (): Service => consulService(catalog.nodeIndex, consulVersion);
  const nodeOf = (service: Service): NodeFacts => nodeFacts(node, catalog, service.node);

  return [
    { path: "/v1/catalog/datacenters", handlers: { GET: () => json(JSON.stringify([node.datacenter])) } },
    {
      path: "/v1/catalog/services",
      handlers: {
        GET: (ask) => {
          const isWanted = chooseServices(ask.query);
          return answerRead(context, ask, {
            topics: [topics.services, topics.nodes],
            index: () => Math.max(catalog.servicesIndex, isChoosy(ask.query) ? catalog.nodesIndex : 0),
            answer: () => json(renderMap(tagsByName([own(), ...catalog.services.values()].filter(isWanted)))),
          });
        },
      },
    },
    {
      path: "/v1/catalog/service/*",
      handlers: {
        GET: (ask) => {
          const { rest: name, query } = ask;
          if (name === "") throw new Rejection(400, "Missing service name");
          const tags = query.getAll("tag");
          const isWanted = chooseServices(query);
          return answerRead(context, ask, {
            topics: [topics.service(name), topics.node],
            index: () => catalog.indexOf(name),
            answer: () => {
              const instances = name === "consul" ? [own()] : (catalog.groups.get(name)?.sorted() ?? []);
              const chosen = instances.filter((service) => bearsTags(service.tags, tags) && isWanted(service));
              return json(JSON.stringify(chosen.map((service) => renderServiceNode(service, nodeOf(service)))));
            },
          });
        },
      },
    },
    {
      path: "/v1/catalog/nodes",
      handlers: {
        GET: (ask) => {
          const [isAsked, isWanted] = [nodeChoice(ask.query), filterOf(ask.query, nodeShape)];
          return answerRead(context, ask, {
            topics: [topics.nodes],
            index: () => catalog.nodesIndex,
            answer: () => {
              const names = [undefined, ...catalog.nodes.keys()];
              const nodes = names.map((name) => nodeFacts(node, catalog, name)).filter(isAsked);
              const rendered = nodes.map((each) => renderNode(each, catalog.nodeIndex)).filter(isWanted);
              return json(JSON.stringify(rendered.toSorted(byNode)));
            },
          });
        },
      },
    },
    {
      path: "/v1/catalog/node/*",
      handlers: {
        GET: (ask) => ofNode(ask, (services) => renderMap(services.map(([id, rendered]) => [id, rendered]))),
      },
    },
    {
      path: "/v1/catalog/node-services/*",
      handlers: { GET: (ask) => ofNode(ask, (services) => JSON.stringify(services.map(([, rendered]) => rendered))) },
    },
  ];

  function chooseServices(query: URLSearchParams): (service: Service) => boolean {
    const [isAsked, isWanted] = [nodeChoice(query), filterOf(query, serviceNodeShape)];
    if (!isChoosy(query)) return () => true;
    return (service) => {
      const facts = nodeOf(service);
      return isAsked(facts) && (isWanted === keepAll || isWanted(renderServiceNode(service, facts)));
    };
  }

  function ofNode(
    ask: Ask,
    render: (services: readonly (readonly [id: string, rendered: object])[]) => string,
  ): ReturnType<typeof answerRead> {
    if (ask.rest === "") throw new Rejection(400, "Missing node name");
    const isWanted = filterOf(ask.query, serviceShape);
    return answerRead(context, ask, {
      topics: [topics.services, topics.nodes],
      index: () => Math.max(catalog.servicesIndex, catalog.nodesIndex),
      answer: () => {
        const foreign = catalog.nodes.get(ask.rest);
        if (foreign === undefined && ask.rest !== node.name) return json("null");
        const facts = nodeFacts(node, catalog, foreign?.name);
        const services =
          foreign === undefined
            ? [own(), ...[...catalog.services.values()].filter((service) => service.node === undefined)]
            : [...catalog.servicesOn(foreign.name).values()];
        const rendered = services
          .toSorted((a, b) => (a.id < b.id ? -1 : 1))
          .map((service) => [service.id, renderNodeService(service)] as const)
          .filter(([, service]) => isWanted(service));
        return json(`{"Node":${JSON.stringify(renderNode(facts, catalog.nodeIndex))},"Services":${render(rendered)}}`);
      },
    });
  }
}

function byNode(a: object, b: object): number {
  return (a as { Node: string }).Node < (b as { Node: string }).Node ? -1 : 1;
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
