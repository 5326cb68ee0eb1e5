import type { Probe } from "../model/probe.ts";
import { probeGrpc } from "./grpc-probe.ts";
import { probeHttp } from "./http-probe.ts";
import { critical, type ProbeResult } from "./result.ts";
import { probeScript } from "./script-probe.ts";
import { probeTcp } from "./tcp-probe.ts";

/** Looks once. It never rejects: what goes wrong is what the check says. */
export async function runProbe(probe: Probe, signal: AbortSignal): Promise<ProbeResult> {
  try {
    if (probe.kind === "http") return await probeHttp(probe, signal);
    if (probe.kind === "tcp") return await probeTcp(probe, signal);
    if (probe.kind === "grpc") return await probeGrpc(probe, signal);
    return await probeScript(probe, signal);
  } catch (error) {
    return critical((error as Error).message);
  }
}
