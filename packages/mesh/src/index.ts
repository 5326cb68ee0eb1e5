export { createMesh, type Mesh } from "./mesh.ts";
export type { AdminOptions, DrainOptions, EmbeddedRegistry, LogOptions, MeshOptions } from "./config/options.ts";
export { configFileNames, resolveConfig, type ConfigSources, type ResolvedConfig } from "./config/resolve.ts";
export type { Answer, RequestOptions } from "./doors/request.ts";
export type { MeshFetch } from "./doors/fetch.ts";
export { MeshDispatcher } from "./doors/dispatcher.ts";
export { AnswerBody } from "./transport/answer-body.ts";
export type { EndpointState, MeshState, ServiceState } from "./state.ts";
export { ConfigError, currentContext, MeshError, type MeshErrorCode, type MeshEvent } from "@enmesh/core";
