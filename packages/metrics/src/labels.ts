/** Istio's labels, in Istio's order. */
export const istioLabelNames = [
  "reporter",
  "source_workload",
  "source_canonical_service",
  "source_canonical_revision",
  "source_workload_namespace",
  "source_principal",
  "source_app",
  "source_version",
  "source_cluster",
  "destination_workload",
  "destination_workload_namespace",
  "destination_principal",
  "destination_app",
  "destination_version",
  "destination_service",
  "destination_canonical_service",
  "destination_canonical_revision",
  "destination_service_name",
  "destination_service_namespace",
  "destination_cluster",
  "request_protocol",
  "response_code",
  "grpc_response_status",
  "response_flags",
  "connection_security_policy",
] as const;

export type IstioLabels = Readonly<Record<(typeof istioLabelNames)[number], string>>;

/** What Istio says where nothing is known. */
export const unknown = "unknown";

/** One end of an edge: a workload. */
export interface Workload {
  readonly service: string;
  readonly version: string;
  readonly namespace: string;
  readonly cluster: string;
}

/** A service as Istio names it: `orders`, in `shop`, at `orders.shop.svc.cluster.local`. */
export interface ServiceName {
  readonly name: string;
  readonly namespace: string;
  readonly host: string;
}

/** Everything about an edge but how its requests turned out. */
export interface EdgeLabels {
  readonly reporter: "source" | "destination";
  readonly source: Workload;
  readonly destination: Workload;
  readonly service: ServiceName;
  readonly connectionSecurity: string;
}

/** The labels of one time series. Made once, when its first request is counted. */
export function istioLabels(edge: EdgeLabels, responseCode: string, responseFlags: string): IstioLabels {
  const { source, destination, service } = edge;
  return {
    reporter: edge.reporter,
    source_workload: source.service,
    source_canonical_service: source.service,
    source_canonical_revision: source.version,
    source_workload_namespace: source.namespace,
    source_principal: unknown,
    source_app: source.service,
    source_version: source.version,
    source_cluster: source.cluster,
    destination_workload: destination.service,
    destination_workload_namespace: destination.namespace,
    destination_principal: unknown,
    destination_app: destination.service,
    destination_version: destination.version,
    destination_service: service.host,
    destination_canonical_service: destination.service,
    destination_canonical_revision: destination.version,
    destination_service_name: service.name,
    destination_service_namespace: service.namespace,
    destination_cluster: destination.cluster,
    request_protocol: "http",
    response_code: responseCode,
    grpc_response_status: "",
    response_flags: responseFlags,
    connection_security_policy: edge.connectionSecurity,
  };
}

/** Reads `orders`, `orders.shop` and `orders.shop.svc.cluster.local` as the same service; other hosts stay what they are. */
export function serviceName(service: string, ownNamespace: string): ServiceName {
  const [name = "", namespace = ownNamespace, ...rest] = service.split(".");
  const suffix = rest.join(".");
  if (suffix !== "" && suffix !== "svc" && suffix !== "svc.cluster.local")
    return { name: service, namespace: unknown, host: service };
  return { name, namespace, host: `${name}.${namespace}.svc.cluster.local` };
}

const wellFormed = /^[A-Za-z0-9][\w.:@~+|-]{0,127}$/;

/** A name that came from outside, or `unknown` when it does not look like a name. */
export function safeName(name: string): string {
  return wellFormed.test(name) ? name : unknown;
}
