export { startRegistry, type Registry } from "./registry.ts";
export { embeddedRegistry, type EmbeddedRegistry, type StartedRegistry } from "./embedded.ts";
export { registryDefaults, type RegistryOptions } from "./options.ts";
export type { TokenGrant } from "./access/tokens.ts";
export type { Rights } from "./access/rights.ts";
export type { ListenerTls } from "./access/tls.ts";
