import { type ServiceName, type Workload, serviceName } from "./labels.ts";
import type { CheckedMetricsOptions } from "./options.ts";

/** This process as its labels name it. */
export interface Self {
  readonly workload: Workload;
  readonly service: ServiceName;
}

export function selfOf({ identity, cluster }: CheckedMetricsOptions): Self {
  const { service, version, namespace } = identity;
  return { workload: { service, version, namespace, cluster }, service: serviceName(service, namespace) };
}
