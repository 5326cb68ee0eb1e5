export type { Call, RoutedCall, AttemptCall, AimedCall, AttemptRecord, RoutePlan, RetryPlan } from "./call.ts";
export { Attempt } from "./attempt.ts";
export { Exchange } from "./exchange.ts";
export { currentAttempt, FunctionExchange, type AttemptInfo, type FunctionClassifier } from "./function-driver.ts";
export {
  refuse,
  type AttemptPolicy,
  type BalanceStep,
  type Policy,
  type Refusal,
  type RefusalOptions,
  type Repeat,
  type RouteStep,
  type Routing,
  type Wait,
} from "./policy.ts";
export {
  pipeline,
  type AimedPipeline,
  type AttemptPipeline,
  type CallPipeline,
  type Pipeline,
  type PipelineBuilder,
  type RoutedPipeline,
  type Scope,
} from "./pipeline.ts";
export type { FailureCause, Outcome, OutcomeKind } from "./outcome.ts";
export { errorOf } from "./outcome-error.ts";
export {
  answered,
  blamesEndpoint,
  classifyStatus,
  failed,
  isIdempotentMethod,
  isSafeToRepeat,
  isWorthRepeating,
  parseRetryAfter,
  refused,
} from "./classify.ts";
export {
  Destination,
  emptySnapshot,
  Endpoint,
  EndpointHealth,
  type EjectionReason,
  type EndpointSnapshot,
  type Instance,
  type InstanceStatus,
} from "./endpoint.ts";
export { currentContext, runInContext, type RequestContext, type TraceContext } from "./context.ts";
export { ConfigError, MeshError, type MeshErrorCode, type MeshErrorDetails, type Problem } from "./errors.ts";
export { EventChannel, type EventListener, type MeshEvent } from "./events.ts";
export { formatDuration, parseDuration, type Duration } from "./duration.ts";
export { systemClock, type Clock } from "./clock.ts";
export { seededRandom, type Random } from "./random.ts";
export { createRuntime, type Runtime } from "./runtime.ts";
export { Slot, type SlotHolder, type SlotKind } from "./slot.ts";
export { TimerCallback, TimerNode, type Timers } from "./timers.ts";
export { TimerWheel, type TimerWheelOptions } from "./timer-wheel.ts";
export type { Identity, InboundRecord, Peer } from "./inbound.ts";
export { headers } from "./headers.ts";
export { flagsOfRefusal, noFlags, responseFlags } from "./response-flags.ts";
