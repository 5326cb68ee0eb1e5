/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** True when OpenTelemetry's standard variables ask for traces: an OTLP endpoint or an exporter is named, and nothing is disabled. */
export function wantsTelemetry(env: Environment): boolean {
  if (env["OTEL_SDK_DISABLED"]?.trim().toLowerCase() === "true") return false;
  const exporter = env["OTEL_TRACES_EXPORTER"]?.trim();
  if (exporter !== undefined && exporter !== "") return exporter !== "none";
  return isSet(env["OTEL_EXPORTER_OTLP_ENDPOINT"]) || isSet(env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]);
}

/** The service's name, where OpenTelemetry's own variables do not tell it. */
export function serviceNameOf(env: Environment): string | undefined {
  if (isSet(env["OTEL_SERVICE_NAME"]) || env["OTEL_RESOURCE_ATTRIBUTES"]?.includes("service.name=")) return undefined;
  return isSet(env["ENMESH_SERVICE"]) ? env["ENMESH_SERVICE"] : undefined;
}

export function isSet(value: string | undefined): boolean {
  return value !== undefined && value.trim() !== "";
}
