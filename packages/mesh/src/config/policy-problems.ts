import { createBalancer } from "@enmesh/balancer";
import { ConfigError, createRuntime, parseDuration, type Problem } from "@enmesh/core";
import { staticSource } from "@enmesh/discovery";
import { bulkhead, circuitBreaker, retry } from "@enmesh/resilience";
import { inGroup } from "./in-group.ts";
import type { MeshOptions } from "./options.ts";

/**
 * What the policies themselves find wrong with their groups. They are made and thrown away: a policy that is not used costs nothing, and this way
 * the configuration tells all its problems before anything is opened.
 */
export function policyProblems(
  options: MeshOptions,
  known: readonly Problem[],
  sourceOf: (path: string) => string,
): Problem[] {
  const found: Problem[] = [];
  const isWrong = (group: string): boolean => known.some(({ path }) => path === group);
  const runtime = createRuntime();
  const groups = {
    retry: () => options.retry && retry(options.retry, runtime),
    circuitBreaker: () => options.circuitBreaker && circuitBreaker(options.circuitBreaker, runtime),
    bulkhead: () => options.bulkhead && bulkhead(options.bulkhead, runtime),
    services: () => options.services && staticSource(options.services),
    balancer: () => options.balancer && createBalancer(options.balancer, runtime),
  };
  for (const [group, make] of Object.entries(groups)) {
    if (isWrong(group)) continue;
    try {
      make();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      found.push(...inGroup(group, error.problems, sourceOf));
    }
  }
  const { timeout, attemptTimeout } = options;
  if (attemptTimeout && timeout !== false && !isWrong("timeout") && !isWrong("attemptTimeout")) {
    if (parseDuration(attemptTimeout) > parseDuration(timeout ?? 10_000)) {
      const message = "must not be longer than timeout: an attempt cannot outlive its call";
      found.push({ path: "attemptTimeout", message, source: sourceOf("attemptTimeout") });
    }
  }
  return found;
}
