import { createRequire } from "node:module";
import type * as AutoInstrumentations from "@opentelemetry/auto-instrumentations-node";
import type * as Sdk from "@opentelemetry/sdk-node";
import { isSet, serviceNameOf, wantsTelemetry } from "./telemetry-env.ts";

/** A running OpenTelemetry SDK. */
export interface Telemetry {
  /** Sends what is left and stops. Never rejects, and takes 3 seconds at most: a collector that is gone must not hold up the end of a service. */
  shutdown(): Promise<void>;
}

const shutdownWithinMs = 3_000;
let running: Telemetry | undefined;

/**
 * Starts the OpenTelemetry SDK when the standard `OTEL_*` variables ask for it, with instrumentations for what Node.js services use.
 * Call it before the rest of the service is imported. The SDK is loaded only when it is asked for; a second call answers with the first.
 */
export function startTelemetry(): Telemetry | undefined {
  if (running !== undefined) return running;
  const { env } = process;
  if (!wantsTelemetry(env)) return undefined;
  // Loaded here and not imported: loading takes some 200 ms, and most processes never ask for it.
  const require = createRequire(import.meta.url);
  const libraries = load(require);
  if (libraries === undefined) return undefined;
  const { NodeSDK, getNodeAutoInstrumentations } = libraries;
  const serviceName = serviceNameOf(env);

  const sdk = new NodeSDK({
    ...(serviceName === undefined ? {} : { serviceName }),
    // Traces alone, unless the variables name more: metrics are scraped and logs are lines.
    ...(isSet(env["OTEL_METRICS_EXPORTER"]) ? {} : { metricReaders: [] }),
    ...(isSet(env["OTEL_LOGS_EXPORTER"]) ? {} : { logRecordProcessors: [] }),
    instrumentations: getNodeAutoInstrumentations({
      "@opentelemetry/instrumentation-dns": { enabled: false },
      "@opentelemetry/instrumentation-fs": { enabled: false },
      "@opentelemetry/instrumentation-net": { enabled: false },
    }),
  });
  sdk.start();
  running = { shutdown: once(() => within(sdk.shutdown(), shutdownWithinMs)) };
  return running;
}

/** The SDK is the user's to install: it is large, and most do without. Its absence is told and harms nothing. */
function load(
  require: NodeJS.Require,
): (Pick<typeof Sdk, "NodeSDK"> & Pick<typeof AutoInstrumentations, "getNodeAutoInstrumentations">) | undefined {
  try {
    const { NodeSDK } = require("@opentelemetry/sdk-node") as typeof Sdk;
    const { getNodeAutoInstrumentations } =
      require("@opentelemetry/auto-instrumentations-node") as typeof AutoInstrumentations;
    return { NodeSDK, getNodeAutoInstrumentations };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    process.emitWarning(
      "OTEL_* variables ask for telemetry, but its SDK is not here: npm install @opentelemetry/sdk-node @opentelemetry/auto-instrumentations-node",
      { type: "EnmeshWarning", code: "ENMESH_TELEMETRY_MISSING" },
    );
    return undefined;
  }
}

/** Waits for `work`, whatever becomes of it, but no longer than `limitMs`. */
async function within(work: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, limitMs)));
  const done = work.then(
    () => {},
    () => {},
  );
  await Promise.race([done, limit]);
  clearTimeout(timer);
}

function once<T>(run: () => T): () => T {
  let result: { readonly value: T } | undefined;
  return () => (result ??= { value: run() }).value;
}
