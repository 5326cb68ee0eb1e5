import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";

import type { Problem } from "@enmesh/core";

/** How the listener proves who it is, and whom it lets in. All are files in PEM. */
export interface ListenerTls {
  readonly certFile: string;
  readonly keyFile: string;
  /** Only clients whose certificate was issued by this authority may connect. @default none: any client */
  readonly clientCaFile?: string;
}

/** What Node's TLS server takes. */
export interface TlsSettings {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
  readonly minVersion: "TLSv1.2";
}

/** Reads the files. What is wrong with them is added to `problems`: better no start than a start in the clear. */
export function readTls(tls: ListenerTls, problems: Problem[]): TlsSettings | undefined {
  const read = (name: keyof ListenerTls): Buffer | undefined => {
    try {
      return readFileSync(tls[name] ?? "");
    } catch (error) {
      problems.push({ path: `tls.${name}`, message: `cannot be read: ${(error as Error).message}` });
      return undefined;
    }
  };
  const [cert, key] = [read("certFile"), read("keyFile")];
  const ca = tls.clientCaFile === undefined ? undefined : read("clientCaFile");
  if (cert === undefined || key === undefined || (tls.clientCaFile !== undefined && ca === undefined)) return undefined;
  try {
    createSecureContext({ cert, key, ...(ca === undefined ? {} : { ca }) });
  } catch (error) {
    problems.push({ path: "tls", message: `the certificate and the key cannot be used: ${(error as Error).message}` });
    return undefined;
  }
  const asksClients = ca !== undefined;
  const common = {
    cert,
    key,
    requestCert: asksClients,
    rejectUnauthorized: asksClients,
    minVersion: "TLSv1.2" as const,
  };
  return ca === undefined ? common : { ...common, ca };
}
