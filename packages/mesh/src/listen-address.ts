import type { Server } from "node:net";
import { networkInterfaces } from "node:os";
import { MeshError } from "@enmesh/core";

export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

/** True for an address that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Where others reach a server that listens: its own address, or the machine's first outer one when it listens everywhere. */
export function addressOf(server: Server, advertised?: string): ListenAddress {
  const at = server.address();
  if (at === null || typeof at === "string") {
    throw new MeshError("ENMESH_CONFIG_INVALID", "the server does not listen on a TCP port; let it listen first, then join");
  }
  if (advertised !== undefined) return { address: advertised, port: at.port };
  const isEverywhere = at.address === "::" || at.address === "0.0.0.0";
  return { address: isEverywhere ? firstOuterAddress() : at.address, port: at.port };
}

function firstOuterAddress(): string {
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { family, internal, address } of addresses ?? []) if (family === "IPv4" && !internal) return address;
  }
  return "127.0.0.1";
}

/** Waits until a server listens. */
export async function listening(server: Server): Promise<void> {
  if (server.listening) return;
  await new Promise<void>((resolve, reject) => {
    server.once("listening", resolve);
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error)));
  });
}

/** Says plainly that a port is taken. */
export function listenError(error: NodeJS.ErrnoException & { port?: number; address?: string }): Error {
  if (error.code !== "EADDRINUSE") return error;
  return new MeshError("ENMESH_PORT_IN_USE", `port ${error.port} on ${error.address ?? "this machine"} is taken by another process; stop it, or choose another port (0 takes any free one)`, { cause: error });
}
