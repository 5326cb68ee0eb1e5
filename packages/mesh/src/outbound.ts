import type { AimedCall, Call, Pipeline, Policy, RouteStep, RoutedCall, Repeat } from "@enmesh/core";
import { pipeline } from "@enmesh/core";
import type { Balancer } from "@enmesh/balancer";

/** The policies of a mesh, made and checked. What is switched off is undefined. */
export interface OutboundPolicies {
  readonly metrics: Policy<Call> | undefined;
  readonly log: Policy<Call> | undefined;
  readonly trace: Policy<Call> | undefined;
  readonly deadline: Policy<Call> | undefined;
  readonly route: RouteStep;
  readonly routeDeadline: Policy<RoutedCall> | undefined;
  readonly discover: Policy<RoutedCall>;
  readonly retry: Repeat<RoutedCall> | undefined;
  readonly circuitBreaker: Policy<RoutedCall> | undefined;
  readonly bulkhead: Policy<RoutedCall> | undefined;
  readonly balancer: Balancer;
  readonly attemptTimeout: Policy<AimedCall> | undefined;
  readonly deadlineHeaders: Policy<AimedCall> | undefined;
  readonly requestId: Policy<AimedCall>;
  readonly traceAttempt: Policy<AimedCall> | undefined;
}

/** The way of an outgoing call. Its outcome comes back through the same doors, in reverse. */
export function outbound(policies: OutboundPolicies): Pipeline {
  return pipeline()
    .through(policies.metrics) // sees what the caller sees, refusals included
    .through(policies.log) // one line per call, written when everything else is known
    .through(policies.trace) // the logical call; attempts are its children
    .through(policies.deadline) // bounds queueing, back-off and all attempts
    .route(policies.route) // once per call: a retry stays on the side that chance chose
    .through(policies.routeDeadline) // the rule's own timeout, as soon as the rule is known
    .through(policies.discover) // no attempt before there is a first word about the instances
    .repeat(policies.retry) // above the balancer, so that every attempt may land elsewhere
    .through(policies.circuitBreaker) // inside the loop: each attempt counts, and none passes once it is open
    .through(policies.bulkhead) // a place is held only while an attempt runs, not while it backs off
    .balance(policies.balancer.step) // a fresh look for every attempt
    .through(policies.balancer.health) // knows the endpoint, writes what the next pick reads
    .through(policies.attemptTimeout) // innermost of the limits, so that health sees it
    .through(policies.deadlineHeaders) // the time that is left, told as late as can be
    .through(policies.requestId) // one id for all that is done for one request
    .through(policies.traceAttempt) // last: its span is the one whose id goes on the wire
    .build();
}
