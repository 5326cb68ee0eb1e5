import { currentContext, type Identity } from "@enmesh/core";
import { type DestinationStream, type Level, type Logger, pino } from "pino";
import { cleanChildren, cleanLine } from "./clean-children.ts";
import { denyList } from "./deny-list.ts";
import { redactor } from "./redact.ts";
import { redactUrls } from "./redact-urls.ts";
import { traceFields } from "./trace-fields.ts";
import { isWideLine } from "./wide-line.ts";

export interface LoggerOptions {
  /** Who writes: every line carries it. */
  readonly identity: Identity;
  /** The least that is written. @default "info" */
  readonly level?: Level | "silent";
  /** Where lines go. @default standard output */
  readonly destination?: DestinationStream;
  /** More names of fields whose values are secret; case, `-` and `_` make no difference. @default [] */
  readonly redact?: readonly string[];
}

export const loggerDefaults: Readonly<Required<Pick<LoggerOptions, "level" | "redact">>> = Object.freeze({
  level: "info",
  redact: Object.freeze([]),
});

/**
 * A pino logger whose lines carry who wrote them and, inside a request, its trace and request ids; secrets are taken out by the names of
 * fields and of query parameters.
 *
 * @example
 * ```ts
 * import { createLogger } from "@enmesh/logging";
 *
 * const logger = createLogger({ identity: { service: "web", instanceId: "web-1", version: "1.0.0", namespace: "shop" } });
 * logger.info({ user: "ada", password: "hunter2" }, "signed in"); // … "password":"[redacted]" …
 * ```
 */
export function createLogger(options: LoggerOptions): Logger {
  const { identity, destination } = options;
  const isSecret = denyList(options.redact ?? loggerDefaults.redact);
  const settings = {
    level: options.level ?? loggerDefaults.level,
    base: { service: identity.service, version: identity.version, instance: identity.instanceId },
    mixin: () => traceFields(currentContext()),
    mixinMergeStrategy: (fields: object, request: object) =>
      isWideLine(fields) ? fields : Object.assign(request, fields),
    formatters: { log: cleanLine(redactor(isSecret)) },
    // Errors are plain already when they come here; pino's own serializer would look for the original and write it out whole.
    serializers: { err: (error: unknown) => error },
    hooks: { streamWrite: redactUrls },
  };
  return cleanChildren(destination === undefined ? pino(settings) : pino(settings, destination), isSecret);
}
