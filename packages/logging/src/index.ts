export { createLogger, loggerDefaults, type LoggerOptions } from "./logger.ts";
export { accessLog } from "./access-log.ts";
export { inboundLog } from "./inbound-log.ts";
export { accessLogDefaults, type AccessLogOptions } from "./access-log-options.ts";
export { logEvents } from "./event-log.ts";
export type { Logger } from "pino";
