import { ConfigError, type Identity, type RouteStep, type Runtime } from "@enmesh/core";
import { createRouter, type Diagnostic, type DirectoryWatch, type Router, watchDirectory } from "@enmesh/routing";
import type { Destinations } from "./destinations.ts";

export interface Routing {
  readonly step: RouteStep;
  /** True when a rule speaks of this host, so that calls to it are ours even if discovery does not know it. */
  handles(host: string): boolean;
  /** Which rules are in force, and what was said about the newest ones. */
  state(): PolicyState;
  close(): void;
}

export interface PolicyState {
  readonly directory: string | undefined;
  /** Grows with every set of rules that was taken; 0 without rules. */
  readonly revision: number;
  /** True when the newest files were refused, and older ones are in force. */
  readonly isRejected: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

export interface RoutingOptions {
  /** Where the files are; absent: every service is its own destination. */
  readonly directory: string | undefined;
  readonly destinations: Destinations;
  readonly identity: Identity;
  readonly labels: Readonly<Record<string, string>>;
  readonly runtime: Runtime;
}

/**
 * Routes by the files of a directory, watched for changes. At the start they must be right; later, what is wrong changes
 * nothing.
 *
 * @throws ConfigError `ENMESH_RESOURCE_INVALID` with every problem, its file, line and column
 */
export async function createRouting({
  directory,
  destinations,
  identity,
  labels,
  runtime,
}: RoutingOptions): Promise<Routing> {
  const router = createRouter({
    destinationOf: (service, subset, subsetLabels) => destinations.of(service, subset, subsetLabels),
    random: runtime.random,
    events: runtime.events,
    source: { namespace: identity.namespace, labels: { app: identity.service, version: identity.version, ...labels } },
  });
  let newest: Pick<PolicyState, "isRejected" | "diagnostics"> = { isRejected: false, diagnostics: [] };
  const watch =
    directory === undefined
      ? undefined
      : watchDirectory({
          directory,
          runtime,
          onFiles: (files, problems) => {
            const result = router.apply(files, problems);
            newest = { isRejected: !result.ok, diagnostics: result.diagnostics };
            return result;
          },
        });
  if (watch !== undefined) await firstReading(watch, directory as string);
  return {
    step: router.step,
    handles: (host) => speaksOf(router, host),
    state: () => ({ directory, revision: router.table.revision, ...newest }),
    close: () => watch?.close(),
  };
}

async function firstReading(watch: DirectoryWatch, directory: string): Promise<void> {
  const first = await watch.first;
  if (first === undefined || first.ok) return;
  watch.close();
  const problems = first.diagnostics
    .filter(({ severity }) => severity === "error")
    .map(({ path, message, code, file, line, column }) => ({
      path,
      message: `${message} [${code}]`,
      source: `${file}:${line}:${column}`,
    }));
  throw new ConfigError(`policies in ${directory}`, problems, "ENMESH_RESOURCE_INVALID");
}

function speaksOf(router: Router, host: string): boolean {
  return router.table.isNamed(host);
}
