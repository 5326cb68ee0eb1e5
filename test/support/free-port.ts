import { createServer, type AddressInfo } from "node:net";

/** Ports already handed out by this process: the system may offer one again before its taker has bound it. */
const handedOut = new Set<number>();

/**
 * Finds a TCP port of 127.0.0.1 that nobody listens on, never the same one twice in a process.
 *
 * Prefer listening on port 0 where the listener can tell its port; this is for programs that must be told.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await offeredPort();
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    return port;
  }
}

function offeredPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
