import { catalogKey } from "../model/node.ts";
import { json } from "./answers.ts";
import { decodeBody } from "./body.ts";
import { catalogDeregistration, catalogRegistration, type CatalogDeregistration } from "./catalog-spec.ts";
import { registerInCatalog } from "./catalog-writes.ts";
import type { Context } from "./context.ts";
import { durably } from "./durable.ts";
import { Rejection, type Route } from "./exchange.ts";

/** Registration of what cannot speak for itself: other nodes, and what is on them. */
export function catalogWriteRoutes(context: Context): Route[] {
  const { store, agent, node } = context;

  return [
    {
      path: "/v1/catalog/register",
      handlers: {
        PUT: ({ body }) => {
          const given = decodeBody(body, catalogRegistration);
          checkDatacenter(given.Datacenter);
          return durably(context, () => {
            registerInCatalog(store, node.name, given);
            return json("true");
          });
        },
      },
    },
    {
      path: "/v1/catalog/deregister",
      handlers: {
        PUT: ({ body }) => {
          const given = decodeBody(body, catalogDeregistration);
          if (given.Node === "") throw new Rejection(500, "Must provide node");
          checkDatacenter(given.Datacenter);
          return durably(context, () => {
            deregister(given);
            return json("true");
          });
        },
      },
    },
  ];

  function deregister({ Node, ServiceID, CheckID }: CatalogDeregistration): void {
    if (Node === node.name) {
      // Our own node itself stays: it is us.
      if (ServiceID !== "") agent.deregisterService(ServiceID);
      else if (CheckID !== "") agent.deregisterCheck(CheckID);
      return;
    }
    const { catalog } = store;
    if (!catalog.nodes.has(Node)) return;
    if (ServiceID !== "") {
      if (catalog.servicesOn(Node).has(ServiceID)) {
        store.commit(() => [{ op: "service-gone", id: catalogKey(Node, ServiceID) }]);
      }
    } else if (CheckID !== "") {
      const id = catalogKey(Node, CheckID);
      if (catalog.checks.has(id)) store.commit(() => [{ op: "check-gone", id }]);
    } else store.commit(() => [{ op: "node-gone", name: Node }]);
  }

  function checkDatacenter(wanted: string): void {
    if (wanted !== "" && wanted !== node.datacenter) throw new Rejection(500, "No path to datacenter");
  }
}
