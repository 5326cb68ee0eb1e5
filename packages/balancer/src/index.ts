export { Availability } from "./availability.ts";
export { balancerDefaults, createBalancer, type Balancer, type BalancerName, type BalancerOptions } from "./balance.ts";
export { leastRequest, type LeastRequestOptions } from "./least-request.ts";
export {
  healthRecord,
  outlierDetectionDefaults,
  type OutlierDetectionOptions,
  type Probe,
} from "./outlier-detection.ts";
export type { Picker } from "./picker.ts";
export { roundRobin } from "./round-robin.ts";
