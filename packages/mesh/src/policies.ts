import { type Balancer, createBalancer } from "@enmesh/balancer";
import type { Runtime } from "@enmesh/core";
import {
  attemptTimeout,
  bulkhead,
  circuitBreaker,
  deadline,
  deadlineHeaders,
  retry,
  routeDeadline,
} from "@enmesh/resilience";
import type { MeshOptions } from "./config/options.ts";
import type { OutboundPolicies } from "./outbound.ts";
import { passOnRequestId } from "./request-id.ts";
import { probe } from "./transport/probe.ts";

/** What observes and routes is made elsewhere. */
type OwnPolicies = Omit<OutboundPolicies, "metrics" | "log" | "trace" | "traceAttempt" | "route" | "discover"> & {
  readonly balancer: Balancer;
};

const practicallyNever = "365d";

/** Makes the policies that the options ask for. The options have been checked. */
export function policiesOf(options: MeshOptions, runtime: Runtime): OwnPolicies {
  const { timeout, attemptTimeout: attempt } = options;
  return {
    // Without a limit of our own, whoever waits for us still has one.
    deadline: deadline(timeout === undefined ? {} : { total: timeout === false ? practicallyNever : timeout }, runtime),
    routeDeadline: routeDeadline(),
    retry: options.retry === false ? undefined : retry(options.retry ?? {}, runtime),
    circuitBreaker:
      options.circuitBreaker === false ? undefined : circuitBreaker(options.circuitBreaker ?? {}, runtime),
    bulkhead: options.bulkhead === false ? undefined : bulkhead(options.bulkhead ?? {}, runtime),
    balancer: createBalancer(options.balancer ?? {}, runtime, probe),
    attemptTimeout: attempt === false ? undefined : attemptTimeout(attempt === undefined ? {} : { timeout: attempt }),
    deadlineHeaders: deadlineHeaders(),
    requestId: passOnRequestId(),
  };
}
