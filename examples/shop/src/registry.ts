// The embedded registry, in a process of its own, so that it can be killed while the shop goes on.
import { join } from "node:path";

import { startRegistry } from "@enmesh/registry";

import { sayWhere } from "./starter/announce.ts";

const { SHOP_REGISTRY_PORT = "8500", SHOP_DATA } = process.env;
const registry = await startRegistry({
  port: Number(SHOP_REGISTRY_PORT),
  onEvent: (event) => console.log(JSON.stringify(event)),
  ...(SHOP_DATA === undefined ? {} : { dataDirectory: join(SHOP_DATA, "registry") }), // who was registered is still known after kill -9
});

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => void registry.close().then(() => process.exit(0)));
}
sayWhere({ port: registry.port });
