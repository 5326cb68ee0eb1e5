import { execFile } from "node:child_process";

import type { Probe } from "../model/probe.ts";
import { critical, type ProbeResult } from "./result.ts";

/** Runs a program: exit code 0 is passing, 1 a warning, anything else critical. Only where scripts were switched on. */
export function probeScript(probe: Probe, signal: AbortSignal): Promise<ProbeResult> {
  const [program = "", ...args] = probe.command ?? [];
  return new Promise((resolve) => {
    execFile(program, args, { signal, maxBuffer: 65_536, killSignal: "SIGKILL" }, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`;
      if (signal.aborted) return resolve(critical(`Timed out (${probe.timeoutMs} ms) running check`));
      const code = error === null ? 0 : error.code;
      if (code === 0) return resolve({ status: "passing", output });
      resolve({ status: code === 1 ? "warning" : "critical", output: output || (error?.message ?? "") });
    });
  });
}
