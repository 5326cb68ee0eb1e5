export { createRouter, type ApplyResult, type Router, type RouterOptions } from "./router.ts";
export type { Changes } from "./changes.ts";
export { compile, type CompileOptions, type RouteTable } from "./compile/table.ts";
export type { CallSource } from "./compile/call-source.ts";
export type { DestinationOf } from "./compile/destinations.ts";
export { policyForPort } from "./compile/override.ts";
export {
  watchDirectory,
  watchDefaults,
  type DirectoryWatch,
  type FilesReader,
  type WatchOptions,
} from "./watch/watch-directory.ts";
export { readDirectory, type DirectoryContents } from "./watch/read-directory.ts";
export { loadResources, type Loaded } from "./resources/load.ts";
export type { ResourceHead, Resources } from "./resources/resource.ts";
export type { RuleHost, VirtualService } from "./resources/virtual-service.ts";
export type { HttpRoute, RouteDestination } from "./resources/http-route.ts";
export type { HttpMatch } from "./resources/http-match.ts";
export type { HttpFault } from "./resources/fault.ts";
export type { NamedMatch, StringMatch } from "./resources/string-match.ts";
export type { DestinationRule, Subset } from "./resources/destination-rule.ts";
export type { RetryBudget, TrafficPolicy } from "./resources/traffic-policy.ts";
export type { LoadBalancer } from "./resources/load-balancer.ts";
export type { OutlierDetection } from "./resources/outlier-detection.ts";
export type { ConnectionPool } from "./resources/connection-pool.ts";
export type { HostPattern } from "./names/host-pattern.ts";
export type { Source } from "./schema/cursor.ts";
export { serviceNameOf, type ServiceNameOptions } from "./names/service-name.ts";
export { readYaml, type YamlFile } from "./yaml/read-yaml.ts";
export { formatDiagnostics } from "./diagnostics/format.ts";
export { codes, type DiagnosticCode } from "./diagnostics/codes.ts";
export { isClean, type Diagnostic, type Position, type Severity } from "./diagnostics/diagnostic.ts";
export type { PolicyFile } from "./diagnostics/source-file.ts";
