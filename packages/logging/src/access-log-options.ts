import { type Call, MeshError, type TraceContext } from "@enmesh/core";

export interface AccessLogOptions {
  /** Which calls and requests get a line. `errors`: those that failed, and slow ones when `slowMs` is set. @default "all" */
  readonly accessLog?: "all" | "errors" | "off";
  /** From this many milliseconds on a line says `slow` and is a warning. @default Infinity */
  readonly slowMs?: number;
  /** The place of a call in its trace. @default that of the request it is made for */
  readonly traceOf?: (call: Call) => TraceContext | undefined;
}

export const accessLogDefaults: Readonly<Required<AccessLogOptions>> = Object.freeze({
  accessLog: "all",
  slowMs: Number.POSITIVE_INFINITY,
  traceOf: (call: Call) => call.context?.trace,
});

const choices: readonly string[] = ["all", "errors", "off"];

export function checkAccessLog(options: AccessLogOptions): Required<AccessLogOptions> {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const checked: Required<AccessLogOptions> = { ...accessLogDefaults, ...given };
  if (!choices.includes(checked.accessLog))
    throw invalid(`accessLog must be "all", "errors" or "off", got "${checked.accessLog}"`);
  if (!(checked.slowMs >= 0)) throw invalid(`slowMs must be 0 or more, got ${checked.slowMs}`);
  return checked;
}

function invalid(message: string): MeshError {
  return new MeshError("ENMESH_OPTION_INVALID", `access log: ${message}`);
}
