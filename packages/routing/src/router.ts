import type { EventChannel, Random, RouteStep } from "@enmesh/core";

import { type Changes, changesBetween } from "./changes.ts";
import type { CallSource } from "./compile/call-source.ts";
import type { DestinationOf } from "./compile/destinations.ts";
import { compile, type RouteTable } from "./compile/table.ts";
import { type Diagnostic, isClean } from "./diagnostics/diagnostic.ts";
import type { PolicyFile } from "./diagnostics/source-file.ts";
import { loadResources } from "./resources/load.ts";
import type { Resources } from "./resources/resource.ts";

export interface RouterOptions {
  readonly destinationOf: DestinationOf;
  /** Draws for weights. */
  readonly random: Random;
  /** Where `policy.applied` and `policy.rejected` are reported. */
  readonly events: EventChannel;
  /** Who calls. @default unknown: rules about the caller never hold */
  readonly source?: CallSource;
}

/** What became of a set of files. */
export interface ApplyResult {
  /** False: the files have errors, and everything is as it was. */
  readonly ok: boolean;
  /** The revision that counts now. 0 before the first set of files. */
  readonly revision: number;
  readonly diagnostics: readonly Diagnostic[];
  /** Empty when the set was rejected. */
  readonly changes: Changes;
}

/** Holds the table that counts, and replaces it. */
export interface Router {
  /** For the pipeline's `route`. It follows every change by itself. */
  readonly step: RouteStep;
  /** The table that counts now. */
  readonly table: RouteTable;
  /**
   * Replaces everything with what these files say, or, when there is any error, nothing. `problems` are those of reading the files: an error among them
   * rejects the set, too.
   */
  readonly apply: (files: readonly PolicyFile[], problems?: readonly Diagnostic[]) => ApplyResult;
}

const nothing: Resources = Object.freeze({ virtualServices: [], destinationRules: [] });
const noChanges: Changes = Object.freeze({ added: [], changed: [], removed: [] });

/**
 * Makes the `route` step of a pipeline. Without files it sends every call to the service it names.
 *
 * @example
 * ```ts
 * import { Destination, EventChannel } from "@enmesh/core";
 * import { createRouter } from "@enmesh/routing";
 *
 * const router = createRouter({
 *   destinationOf: (service, subset) => new Destination(service, subset),
 *   random: Math.random,
 *   events: new EventChannel(),
 * });
 * console.log(router.apply([]).revision); // 1
 * ```
 */
export function createRouter({ destinationOf, random, events, source }: RouterOptions): Router {
  const compiled = (resources: Resources, revision: number): RouteTable =>
    compile(resources, { destinationOf, random, source, revision });
  let resources = nothing;
  let table = compiled(nothing, 0);

  const apply: Router["apply"] = (files, problems = []) => {
    const loaded = loadResources(files, source);
    const diagnostics = [...problems, ...loaded.diagnostics];
    if (!isClean(diagnostics)) {
      events.report({ type: "policy.rejected", revision: table.revision, diagnostics });
      return { ok: false, revision: table.revision, diagnostics, changes: noChanges };
    }
    const changes = changesBetween(resources, loaded.resources);
    table = compiled(loaded.resources, table.revision + 1);
    resources = loaded.resources;
    events.report({ type: "policy.applied", revision: table.revision, ...changes, diagnostics });
    return { ok: true, revision: table.revision, diagnostics, changes };
  };

  return {
    step: { name: "route", route: (call) => table.route(call) },
    get table() {
      return table;
    },
    apply,
  };
}
