import type { CheckStatus } from "../model/check.ts";

/** What one look at a service found. */
export interface ProbeResult {
  readonly status: CheckStatus;
  readonly output: string;
}

export function passing(output: string): ProbeResult {
  return { status: "passing", output };
}

export function critical(output: string): ProbeResult {
  return { status: "critical", output };
}

/** Why a connection failed, in the words of Go's dialer. */
export function dialError(error: unknown, address: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: "connect: connection refused",
    ETIMEDOUT: "i/o timeout",
    EHOSTUNREACH: "connect: no route to host",
    ENETUNREACH: "connect: network is unreachable",
    ENOTFOUND: "no such host",
  };
  return `dial tcp ${address}: ${reasons[code ?? ""] ?? message}`;
}
