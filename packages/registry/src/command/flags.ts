import { parseArgs } from "node:util";

import type { RegistryOptions } from "../options.ts";

/** What the command line asks for. */
export type Request =
  | { readonly kind: "run"; readonly options: RegistryOptions; readonly isJson: boolean }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "mistake"; readonly message: string };

export const helpText: string = `Usage: enmesh-registry [options]

A registry for services: registration, heartbeats, discovery and keys, over the Consul HTTP API.

  --port <number>    port to listen on; 0 takes any free one (default 8500)
  --host <address>   address to listen on; beyond this machine a token is needed (default 127.0.0.1)
  --data-dir <path>  folder to keep registrations and keys in (default: none, all is in memory)
  --token <text>     what every request must bring; better set as ENMESH_REGISTRY_TOKEN,
                     for other users of this machine can read command lines
  --tokens-file <path>     JSON list of tokens, each with a name, a secret and a right
  --tls-cert <path>        certificate, in PEM: HTTPS instead of HTTP; with --tls-key
  --tls-key <path>         its key
  --tls-client-ca <path>   only clients with a certificate of this authority may connect
  --no-self-preservation   evict on silence at once, as Consul does, however many fall silent
  --json             write events as lines of JSON
  --help             show this
  --version          show the version

What starts a Consul can start this instead:

  enmesh-registry agent [Consul's flags]
  enmesh-registry version [-format=json]
`;

/** Reads the command line. Nothing is guessed: what is not known is a mistake. */
export function readFlags(args: readonly string[]): Request {
  let values;
  try {
    values = parseArgs({
      args: [...args],
      options: {
        port: { type: "string" },
        host: { type: "string" },
        "data-dir": { type: "string" },
        token: { type: "string" },
        "tokens-file": { type: "string" },
        "tls-cert": { type: "string" },
        "tls-key": { type: "string" },
        "tls-client-ca": { type: "string" },
        "no-self-preservation": { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean", short: "v" },
      },
    }).values;
  } catch (error) {
    return { kind: "mistake", message: (error as Error).message };
  }
  if (values.help) return { kind: "help" };
  if (values.version) return { kind: "version" };
  const { port, host, token, "data-dir": dataDirectory, json = false } = values;
  if (port !== undefined && !/^\d{1,5}$/.test(port)) {
    return { kind: "mistake", message: `--port must be a number from 0 to 65535, got ${JSON.stringify(port)}` };
  }
  const { "tokens-file": tokensFile, "tls-cert": certFile, "tls-key": keyFile, "tls-client-ca": clientCaFile } = values;
  if ((certFile ?? keyFile ?? clientCaFile) !== undefined && (certFile === undefined || keyFile === undefined)) {
    return { kind: "mistake", message: "HTTPS needs both --tls-cert and --tls-key" };
  }
  const tls = certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };
  const options: RegistryOptions = {
    ...(tokensFile === undefined ? {} : { tokensFile }),
    ...(tls === undefined ? {} : { tls: clientCaFile === undefined ? tls : { ...tls, clientCaFile } }),
    ...(values["no-self-preservation"] === true ? { selfPreservation: false } : {}),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(host === undefined ? {} : { host }),
    ...(token === undefined ? {} : { token }),
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
  };
  return { kind: "run", options, isJson: json };
}
