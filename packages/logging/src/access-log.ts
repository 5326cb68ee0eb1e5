import { type Call, MeshError, type Outcome, type Policy, responseFlags } from "@enmesh/core";
import type { Logger } from "pino";
import { type AccessLogOptions, checkAccessLog } from "./access-log-options.ts";
import { atLeastWarn, levelOfOutcome } from "./levels.ts";
import { traceFieldsOf } from "./trace-fields.ts";
import { type WideLine, wideLineMark } from "./wide-line.ts";

/**
 * One line per call of this process, with everything that is known at its end. Stands outermost: it sees what the caller sees. Where
 * the logger's level lets nothing through, nothing is built.
 *
 * @throws MeshError `ENMESH_OPTION_INVALID`
 */
export function accessLog(logger: Logger, options: AccessLogOptions = {}): Policy<Call> {
  const { accessLog: which, slowMs, traceOf } = checkAccessLog(options);
  if (which === "off") return { name: "access-log" };

  return {
    name: "access-log",
    settle: (call, outcome) => {
      const ms = call.settledAt - call.startedAt;
      const level = atLeastWarn(levelOfOutcome(outcome), ms >= slowMs);
      if ((which === "errors" && level === "info") || !logger.isLevelEnabled(level)) return;
      logger[level](lineOf(call, outcome, ms, ms >= slowMs, traceOf(call)), "call");
    },
  };
}

function lineOf(
  call: Call,
  outcome: Outcome,
  ms: number,
  isSlow: boolean,
  trace: ReturnType<Required<AccessLogOptions>["traceOf"]>,
): WideLine {
  const { refusal, error, status } = outcome;
  const at = traceFieldsOf(trace, call.context?.requestId);
  return {
    __proto__: wideLineMark,
    direction: "outbound",
    destination: call.destination?.service ?? call.service,
    subset: call.destination?.subset,
    method: call.method,
    path: withoutQuery(call.path),
    status,
    outcome: outcome.kind,
    cause: outcome.cause,
    code: refusal?.code ?? (error instanceof MeshError ? error.code : undefined),
    attempts: call.attempt,
    endpoint: call.attempt === 0 ? undefined : call.endpoint?.origin,
    route: call.plan?.name,
    elapsed_ms: Math.round(ms * 1_000) / 1_000,
    slow: isSlow || undefined,
    retry_budget_exhausted: call.retryBudgetExhausted || undefined,
    response_flags: responseFlags(call, outcome),
    trace_id: at.trace_id,
    span_id: at.span_id,
    trace_flags: at.trace_flags,
    request_id: at.request_id,
  };
}

function withoutQuery(path: string): string {
  const query = path.indexOf("?");
  return query === -1 ? path : path.slice(0, query);
}
