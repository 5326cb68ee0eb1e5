import type { Call, Outcome, RetryPlan } from "@enmesh/core";

/**
 * Says whether a route's own conditions (Istio's `retryOn`, Envoy's `x-envoy-retry-on`) ask for another attempt. A list of status codes matches only
 * what an upstream really answered.
 */
export function isAskedFor(plan: RetryPlan, call: Call, outcome: Outcome): boolean {
  const { conditions, statusCodes } = plan;
  if (conditions === undefined && statusCodes === undefined)
    return outcome.kind === "transient" || outcome.kind === "throttled";
  const { status, cause } = outcome;
  if (status > 0 && statusCodes?.has(status)) return true;
  if (conditions === undefined) return false;
  if (cause === "refused") return false;
  const has5xx = conditions.has("5xx");
  if (cause === "connect")
    return (
      has5xx ||
      conditions.has("connect-failure") ||
      conditions.has("gateway-error") ||
      conditions.has("reset") ||
      conditions.has("reset-before-request")
    );
  if (cause === "reset" || cause === "attempt-timeout")
    return has5xx || conditions.has("gateway-error") || conditions.has("reset");
  if (has5xx && status >= 500) return true;
  if (conditions.has("gateway-error") && (status === 502 || status === 503 || status === 504)) return true;
  if (conditions.has("retriable-4xx") && status === 409) return true;
  return conditions.has("retriable-status-codes") && asksByHeader(call, status);
}

function asksByHeader(call: Call, status: number): boolean {
  if (status === 0) return false;
  const listed = call.header("x-envoy-retriable-status-codes");
  return listed !== undefined && listed.split(",").some((code) => Number(code.trim()) === status);
}
