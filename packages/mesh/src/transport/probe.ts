import http from "node:http";
import https from "node:https";
import type { Endpoint } from "@enmesh/core";

/**
 * Asks an endpoint whether it answers at all, with `OPTIONS *`: the ping of HTTP (RFC 9110 §9.3.7). Any answer counts, so that
 * services without Enmesh pass too. A stopped process accepts the connection (its kernel does) but does not answer.
 */
export function probe(endpoint: Endpoint, timeoutMs = 1_000): Promise<boolean> {
  return new Promise((resolve) => {
    const { request } = endpoint.protocol === "https" ? https : http;
    const asked = request(
      {
        host: endpoint.address,
        port: endpoint.port,
        method: "OPTIONS",
        path: "*",
        agent: false,
        timeout: timeoutMs,
        headers: { connection: "close" },
      },
      (answer) => {
        resolve(true);
        answer.destroy();
      },
    );
    asked.on("timeout", () => asked.destroy(new Error("timeout")));
    asked.on("error", (error: NodeJS.ErrnoException) => {
      // A certificate that we cannot check still comes from somebody who is there.
      resolve(error.code?.startsWith("ERR_TLS") === true || error.code?.includes("CERT") === true);
    });
    asked.on("socket", (socket) => socket.unref());
    asked.end();
  });
}
