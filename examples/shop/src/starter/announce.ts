import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

import type { Mesh } from "enmesh";

/** What a process tells the starter once it can be called. */
export interface Whereabouts {
  readonly port: number;
  readonly adminUrl?: string | undefined;
}

/**
 * Tells the starter which ports this service has, so that it can print them: the one thing here that is not needed to
 * be in the mesh. Without a starter it does nothing.
 */
export function announce({ adminUrl }: Pick<Mesh, "adminUrl">, server: Server): void {
  sayWhere({ port: (server.address() as AddressInfo).port, adminUrl });
}

export function sayWhere(whereabouts: Whereabouts): void {
  process.send?.({ type: "up", ...whereabouts });
}
