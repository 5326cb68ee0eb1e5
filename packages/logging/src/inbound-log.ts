import { type InboundRecord, flagsOfRefusal, noFlags } from "@enmesh/core";
import type { Logger } from "pino";
import { type AccessLogOptions, checkAccessLog } from "./access-log-options.ts";
import { atLeastWarn, levelOfRecord } from "./levels.ts";
import { traceFieldsOf } from "./trace-fields.ts";
import { type WideLine, wideLineMark } from "./wide-line.ts";

/**
 * One line per request that this process answered.
 *
 * @throws MeshError `ENMESH_OPTION_INVALID`
 */
export function inboundLog(
  logger: Logger,
  options: Omit<AccessLogOptions, "traceOf"> = {},
): (record: InboundRecord) => void {
  const { accessLog, slowMs } = checkAccessLog(options);
  if (accessLog === "off") return () => {};

  return (record) => {
    const isSlow = record.durationMs >= slowMs;
    const level = atLeastWarn(levelOfRecord(record), isSlow);
    if ((accessLog === "errors" && level === "info") || !logger.isLevelEnabled(level)) return;
    logger[level](lineOf(record, isSlow), "request");
  };
}

function lineOf(record: InboundRecord, isSlow: boolean): WideLine {
  const { peer, refusedWith } = record;
  const at = traceFieldsOf(record.trace, record.requestId);
  return {
    __proto__: wideLineMark,
    direction: "inbound",
    method: record.method,
    path: record.path,
    route: record.route,
    status: record.status,
    elapsed_ms: Math.round(record.durationMs * 1_000) / 1_000,
    slow: isSlow || undefined,
    peer: peer === undefined ? undefined : `${peer.namespace}/${peer.service}/${peer.version}`,
    attempt: record.attempt,
    aborted: record.isAborted || undefined,
    code: refusedWith,
    response_flags: refusedWith === undefined ? (record.isAborted ? "DC" : noFlags) : flagsOfRefusal(refusedWith),
    trace_id: at.trace_id,
    span_id: at.span_id,
    trace_flags: at.trace_flags,
    request_id: at.request_id,
  };
}
