import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";

import type { Probe } from "../model/probe.ts";
import { critical, dialError, passing, type ProbeResult } from "./result.ts";
import { forbidden, guardedLookup, isForbiddenTarget, splitHostPort } from "./target.ts";

/** Opens a connection and closes it: whoever listens is passing. */
export async function probeTcp(probe: Probe, signal: AbortSignal): Promise<ProbeResult> {
  const at = splitHostPort(probe.target);
  if (at === undefined) return critical(`dial tcp: address ${probe.target}: missing port in address`);
  try {
    if (isForbiddenTarget(at.host)) throw forbidden(at.host);
    await connect({ ...probe, ...at }, signal);
    return passing(`TCP connect ${probe.target}: Success`);
  } catch (error) {
    return critical(signal.aborted ? `dial tcp ${probe.target}: i/o timeout` : dialError(error, probe.target));
  }
}

function connect(probe: Probe & { readonly host: string; readonly port: number }, signal: AbortSignal): Promise<void> {
  const { host, port, usesTls, skipsVerification, serverName } = probe;
  return new Promise((resolve, reject) => {
    const socket = usesTls
      ? connectTls({
          host,
          port,
          lookup: guardedLookup,
          rejectUnauthorized: !skipsVerification,
          ...(serverName ? { servername: serverName } : {}),
        })
      : connectTcp({ host, port, lookup: guardedLookup });
    const stop = (): void => void socket.destroy(new Error("i/o timeout"));
    signal.addEventListener("abort", stop, { once: true });
    socket.once("close", () => signal.removeEventListener("abort", stop));
    socket.once("error", reject);
    socket.once(usesTls ? "secureConnect" : "connect", () => {
      resolve();
      socket.destroy();
    });
  });
}
