import { renderMap } from "./agent-routes.ts";
import { consulVersion } from "../render/node.ts";
import { json } from "./answers.ts";
import { memberShape } from "../filter/schema.ts";
import { filterOf } from "./choice.ts";
import type { Context } from "./context.ts";
import type { Route } from "./exchange.ts";

/** What the registry says about itself. */
export function selfRoutes(context: Context): Route[] {
  const { node, store, agent } = context;
  const leader = JSON.stringify(`${node.address}:8300`);
  const member = {
    Name: node.name,
    Addr: node.address,
    Port: 8301,
    Tags: {
      acls: "0",
      build: `${consulVersion}:`,
      dc: node.datacenter,
      id: node.id,
      port: "8300",
      raft_vsn: "3",
      role: "consul",
      segment: "",
      vsn: "2",
      vsn_max: "3",
      vsn_min: "2",
    },
    Status: 1,
    ProtocolMin: 1,
    ProtocolMax: 5,
    ProtocolCur: 2,
    DelegateMin: 2,
    DelegateMax: 5,
    DelegateCur: 4,
  };
  const config = {
    Datacenter: node.datacenter,
    PrimaryDatacenter: node.datacenter,
    NodeName: node.name,
    NodeID: node.id,
    Revision: "",
    Server: true,
    Version: consulVersion,
    VersionMetadata: "enmesh",
    BuildDate: "1970-01-01T00:00:01Z",
  };

  return [
    {
      path: "/v1/agent/self",
      handlers: {
        GET: () => {
          const { catalog, watchers } = store;
          const counts = {
            checks: catalog.checks.size,
            check_ttls: agent.leases,
            services: catalog.services.size,
            blocking_queries: watchers.size,
          };
          const stats = {
            agent: Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, String(count)])),
          };
          const meta = { "consul-network-segment": "", "consul-version": consulVersion };
          const debug = { DefaultQueryTime: "5m0s", MaxQueryTime: "10m0s", KVMaxValueSize: 524_288 };
          return json(
            renderMap([
              ["Config", config],
              ["DebugConfig", debug],
              ["Coord", { Vec: [0, 0, 0, 0, 0, 0, 0, 0], Error: 1.5, Adjustment: 0, Height: 0.00001 }],
              ["Member", member],
              ["Stats", stats],
              ["Meta", meta],
            ]),
          );
        },
      },
    },
    {
      path: "/v1/agent/members",
      handlers: {
        GET: ({ query }) => {
          const isWan = query.has("wan");
          const shown = isWan ? { ...member, Name: `${node.name}.${node.datacenter}`, Port: 8302 } : member;
          return json(JSON.stringify([shown].filter(filterOf(query, memberShape))));
        },
      },
    },
    { path: "/v1/status/leader", handlers: { GET: () => json(leader) } },
    { path: "/v1/status/peers", handlers: { GET: () => json(`[${leader}]`) } },
  ];
}
