import { createServer } from "node:net";

import { ShopError } from "./shop-error.ts";

/**
 * Makes sure that a port is free before anything is started.
 *
 * @throws ShopError that names the port, what it is for, and the variable that sets another
 */
export async function claimPort(port: number, what: string, variable: string): Promise<void> {
  if (port === 0 || (await isFree(port))) return;
  const other = `${variable}=${port < 50_000 ? port + 10_000 : 0} npm start`;
  throw new ShopError(
    `port ${port} of 127.0.0.1, meant for the ${what}, is taken by another process; stop that one, or choose: ${other}`,
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
