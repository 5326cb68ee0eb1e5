import { createBalancer } from "@enmesh/balancer";
import { ConfigError, parseDuration, type Pipeline, type Problem, type Runtime } from "@enmesh/core";
import {
  attemptTimeout,
  bulkhead,
  circuitBreaker,
  deadline,
  deadlineHeaders,
  retry,
  routeDeadline,
} from "@enmesh/resilience";
import { inGroup } from "./config/in-group.ts";
import type { ResolvedConfig } from "./config/resolve.ts";
import { outbound, type OutboundPolicies } from "./outbound.ts";
import { passOnRequestId } from "./request-id.ts";
import { probe } from "./transport/probe.ts";

export type GivenPolicies = Pick<OutboundPolicies, "metrics" | "log" | "trace" | "traceAttempt" | "route" | "discover">;

const practicallyNever = "365d";

/** Makes the policies that the options ask for; everything that is wrong with any of them is told at once. */
export function outboundPipeline(
  { options, sourceOf }: ResolvedConfig,
  runtime: Runtime,
  given: GivenPolicies,
): Pipeline {
  const problems: Problem[] = [];
  const make = <T>(group: string, build: () => T): T | undefined => {
    try {
      return build();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...inGroup(group, error.problems, sourceOf));
      return undefined;
    }
  };
  const { timeout, attemptTimeout: attempt } = options;
  const policies = {
    // Without a limit of our own, whoever waits for us still has one.
    deadline: deadline(timeout === undefined ? {} : { total: timeout === false ? practicallyNever : timeout }, runtime),
    routeDeadline: routeDeadline(),
    retry: options.retry === false ? undefined : make("retry", () => retry(options.retry || {}, runtime)),
    circuitBreaker:
      options.circuitBreaker === false
        ? undefined
        : make("circuitBreaker", () => circuitBreaker(options.circuitBreaker || {}, runtime)),
    bulkhead:
      options.bulkhead === false ? undefined : make("bulkhead", () => bulkhead(options.bulkhead || {}, runtime)),
    balancer: make("balancer", () => createBalancer(options.balancer ?? {}, runtime, probe)),
    attemptTimeout:
      attempt === false ? undefined : attemptTimeout(attempt === undefined ? {} : { timeout: attempt }, runtime),
    deadlineHeaders: deadlineHeaders(),
    requestId: passOnRequestId(),
  };
  const totalMs = timeout === false ? Number.POSITIVE_INFINITY : parseDuration(timeout ?? 10_000);
  if (attempt !== undefined && attempt !== false && parseDuration(attempt) > totalMs) {
    const message = "must not be longer than timeout: an attempt cannot outlive its call";
    problems.push({ path: "attemptTimeout", message, source: sourceOf("attemptTimeout") });
  }
  if (problems.length > 0 || policies.balancer === undefined) throw new ConfigError("configuration", problems);
  return outbound({ ...given, ...policies, balancer: policies.balancer });
}
