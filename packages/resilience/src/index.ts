export { attemptTimeout, attemptTimeoutDefaults, type AttemptTimeoutOptions } from "./attempt-timeout.ts";
export { backoffMs, type Backoff, type Jitter } from "./backoff.ts";
export { bulkhead, bulkheadDefaults, type BulkheadOptions } from "./bulkhead.ts";
export { circuitBreaker, circuitBreakerDefaults, type CircuitBreakerOptions } from "./circuit-breaker.ts";
export { deadline, deadlineDefaults, deadlineHeaders, routeDeadline, type DeadlineOptions } from "./deadline.ts";
export { guard, type GuardOptions, type GuardStep } from "./guard.ts";
export { retry, retryDefaults, type RetryOptions } from "./retry.ts";
export { RetryBudget, retryBudgetDefaults, type RetryBudgetOptions } from "./retry-budget.ts";
