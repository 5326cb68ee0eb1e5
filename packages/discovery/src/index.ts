export type { DiscoverySource, Lease, Registrar, Watch } from "./source.ts";
export { createDirectory, type Directory, type DirectoryOptions, type ReadyOptions } from "./directory.ts";
export type { ServiceView, ViewState } from "./service-view.ts";
export { createRegistration, type Registration } from "./registration.ts";
export { registrationDefaults, type RegistrationOptions } from "./registration-options.ts";
export { staticSource, type StaticInstance } from "./static-source.ts";
export { consulSource, type ConsulSourceOptions } from "./consul/consul-source.ts";
export { consulRegistrar, type ConsulRegistrarOptions } from "./consul/consul-registrar.ts";
