import { hostname } from "node:os";
import type { Identity, Instance, Runtime } from "@enmesh/core";
import type { MeshOptions } from "./config/options.ts";
import { randomRequestId } from "./request-id.ts";

/** Who this process is. The id names host and process for people, and has a random part because both come again. */
export function identityOf(options: MeshOptions, runtime: Runtime): Identity {
  const service = options.service as string;
  const host = hostname()
    .replace(/[^\w.-]/g, "-")
    .slice(0, 40);
  return {
    service,
    version: options.version ?? "unknown",
    namespace: options.namespace ?? "default",
    instanceId:
      options.instanceId ?? `${service}-${host}-${process.pid}-${randomRequestId(runtime.random).slice(0, 6)}`,
  };
}

/** This process as the registry is told of it. */
export function instanceOf(options: MeshOptions, identity: Identity, address: string, port: number): Instance {
  return {
    id: identity.instanceId,
    service: identity.service,
    address,
    port,
    protocol: "http",
    labels: { ...options.labels, version: identity.version },
    version: identity.version,
    weight: options.weight ?? 1,
    status: "STARTING",
    ...(options.zone !== undefined && { zone: options.zone }),
    ...(options.region !== undefined && { region: options.region }),
  };
}
