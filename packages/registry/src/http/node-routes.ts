import { cpus, freemem, hostname, platform, release, totalmem, uptime } from "node:os";

import { consulVersion } from "../render/node.ts";
import { done, json } from "./answers.ts";
import type { Context } from "./context.ts";
import { Rejection, type Answer, type Ask, type Route } from "./exchange.ts";
import { isLoopback } from "./loopback.ts";

/** What an agent of a cluster is asked to do. There is one node here, so most of it is done already, or cannot be. */
export function nodeRoutes({ node, runtime }: Context): Route[] {
  return [
    { path: "/v1/agent/join/*", handlers: { PUT: join } },
    { path: "/v1/agent/force-leave/*", handlers: { PUT: forceLeave } },
    { path: "/v1/agent/leave", handlers: { PUT: leave } },
    { path: "/v1/agent/reload", handlers: { PUT: () => done } },
    { path: "/v1/agent/version", handlers: { GET: version } },
    { path: "/v1/agent/host", handlers: { GET: host } },
  ];

  function join({ rest: address }: Ask): Answer {
    const wanted = address.replace(/:\d+$/, "");
    if (wanted === node.address || isLoopback(wanted)) return done;
    throw new Rejection(
      500,
      `1 error occurred: Failed to join ${address}: this registry is one node; it joins no cluster`,
    );
  }

  function forceLeave({ rest: name }: Ask): Answer {
    if (name === node.name) return done;
    throw new Rejection(500, `agent: No node found with name '${name}'`);
  }

  /** Whoever started us decides what it means: the command ends, an embedded registry goes on. */
  function leave(): Answer {
    runtime.events.report({ type: "registry.leave" });
    return done;
  }

  function version(): Answer {
    return json(JSON.stringify({ SHA: "", BuildDate: "1970-01-01T00:00:01Z", HumanVersion: consulVersion, FIPS: "" }));
  }

  function host(): Answer {
    const [total, free] = [totalmem(), freemem()];
    return json(
      JSON.stringify({
        Memory: { total, available: free, used: total - free, usedPercent: (100 * (total - free)) / total, free },
        CPU: cpus().map(({ model, speed }, cpu) => ({ cpu, modelName: model, mhz: speed })),
        Host: { hostname: hostname(), uptime: Math.floor(uptime()), os: platform(), kernelVersion: release() },
        CollectionTime: Math.round(runtime.clock.wall() * 1e6),
        Errors: null,
      }),
    );
  }
}
