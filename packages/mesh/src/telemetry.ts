import { startTelemetry, type Telemetry } from "@enmesh/tracing/start";

/**
 * Starts the OpenTelemetry SDK before anything else is loaded, when the standard `OTEL_*` variables ask for it:
 * `node --import enmesh/telemetry app.js`. Undefined when they do not.
 */
export const telemetry: Telemetry | undefined = startTelemetry();
