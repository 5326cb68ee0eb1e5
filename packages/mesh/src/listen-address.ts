import { once } from "node:events";
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
    throw new MeshError(
      "ENMESH_CONFIG_INVALID",
      "the server does not listen on a TCP port; let it listen first, then join",
    );
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
  try {
    await once(server, "listening");
  } catch (error) {
    throw listenError(error as ListenFailure);
  }
}

type ListenFailure = NodeJS.ErrnoException & { readonly port?: number; readonly address?: string };

/** Says plainly that a port is taken, or an address not ours to listen on. */
export function listenError(error: ListenFailure): Error {
  const { code, port, address = "this machine" } = error;
  if (code === "EADDRINUSE") {
    const message = `port ${port} on ${address} is taken by another process; stop it, or choose another port (0 takes any free one)`;
    return new MeshError("ENMESH_PORT_IN_USE", message, { cause: error });
  }
  const hint = listenHints[code ?? ""];
  if (hint === undefined) return error;
  return new MeshError("ENMESH_CONFIG_INVALID", `cannot listen on ${address}, port ${port}: ${hint}`, { cause: error });
}

const listenHints: Readonly<Record<string, string>> = Object.freeze({
  EACCES: "this user may not; choose a port above 1023",
  EADDRNOTAVAIL: "that address is not one of this machine; 127.0.0.1 and 0.0.0.0 always are",
  ENOTFOUND: "that name is not known; use an address of this machine",
});
