import type { Probe } from "../model/probe.ts";
import type { CheckSpec } from "./check-spec.ts";

const shortestIntervalMs = 1_000;
const defaultTimeoutMs = 10_000;

/** How the registry is to carry out a check; undefined for one that its service beats. */
export function probeOf(spec: CheckSpec): Probe | undefined {
  if (spec.AliasService !== "") return { kind: "alias", target: spec.AliasService, intervalMs: 0, timeoutMs: 0 };
  const common = {
    intervalMs: Math.max(shortestIntervalMs, spec.Interval),
    timeoutMs: spec.Timeout > 0 ? spec.Timeout : defaultTimeoutMs,
    ...(spec.TLSSkipVerify ? { skipsVerification: true } : {}),
    ...(spec.TLSServerName === "" ? {} : { serverName: spec.TLSServerName }),
    ...positive("successBeforePassing", spec.SuccessBeforePassing),
    ...positive("failuresBeforeWarning", spec.FailuresBeforeWarning),
    ...positive("failuresBeforeCritical", spec.FailuresBeforeCritical),
  };
  const command = spec.Args.length > 0 ? spec.Args : spec.ScriptArgs;
  if (command.length > 0) return { kind: "script", target: "", command, ...common };
  if (spec.HTTP !== "") return { kind: "http", target: spec.HTTP, ...ofHttp(spec), ...common };
  if (spec.TCP !== "")
    return { kind: "tcp", target: spec.TCP, ...(spec.TCPUseTLS ? { usesTls: true } : {}), ...common };
  if (spec.GRPC !== "")
    return { kind: "grpc", target: spec.GRPC, ...(spec.GRPCUseTLS ? { usesTls: true } : {}), ...common };
  return undefined;
}

function ofHttp(spec: CheckSpec): Partial<Probe> {
  return {
    ...(spec.Method === "" ? {} : { method: spec.Method }),
    ...(spec.Body === "" ? {} : { body: spec.Body }),
    ...(spec.Header === null ? {} : { header: Object.fromEntries(Object.entries(spec.Header)) }),
    ...(spec.DisableRedirects ? { followsRedirects: false } : {}),
    ...positive("outputLimit", Math.min(spec.OutputMaxSize, 4_096)),
  };
}

function positive<Name extends string>(name: Name, value: number): Partial<Record<Name, number>> {
  return value > 0 ? ({ [name]: value } as Record<Name, number>) : {};
}
