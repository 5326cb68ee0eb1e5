export { startRegistry, type Registry } from "./registry.ts";
export { embeddedRegistry, type EmbeddedRegistry, type StartedRegistry } from "./embedded.ts";
export { registryDefaults, type RegistryOptions } from "./options.ts";
