import type { EventChannel, MeshEvent } from "@enmesh/core";
import type { Level, Logger } from "pino";
import { plainValue } from "./plain-value.ts";
import { traceFieldsOf } from "./trace-fields.ts";

const worrying = /\.(opened|ejected|rejected|failed|lost|late|budget_exhausted|unreachable|stale)$/;
/** These come with every other call when things go badly: the access log tells the same. */
const frequent = /^(retry\.attempt|heartbeat\.)|\.(full|refused|ejection_skipped)$/;

/**
 * Writes what policies and discovery report: breakers and ejections, policy applied or rejected, instances that come and go. What tells of
 * trouble is a warning, what happens per call is debug. The returned function stops it.
 */
export function logEvents(logger: Logger, events: EventChannel): () => void {
  return events.listen((event) => {
    const level = levelOf(event);
    if (logger.isLevelEnabled(level)) logger[level](lineOf(event), event.type);
  });
}

function levelOf({ type, diagnostics }: MeshEvent): Level {
  // Rules that were taken, but of which not everything is carried out.
  if (Array.isArray(diagnostics) && diagnostics.some(isWarning)) return "warn";
  if (frequent.test(type)) return "debug";
  return worrying.test(type) ? "warn" : "info";
}

function isWarning(diagnostic: { readonly severity?: string }): boolean {
  return diagnostic.severity === "warning" || diagnostic.severity === "error";
}

function lineOf({ type, ...fields }: MeshEvent): object {
  const line: Record<string, unknown> = { event: type };
  for (const [name, value] of Object.entries(fields))
    line[ownNames.has(name) ? `event_${name}` : name] = plainValue(value);
  return { ...traceFieldsOf(undefined, undefined), ...line };
}

/** Names that the logger itself writes into every line: a line must not have a field twice. */
const ownNames: ReadonlySet<string> = new Set([
  "service",
  "version",
  "instance",
  "level",
  "time",
  "msg",
  "pid",
  "hostname",
  "event",
]);
