import {
  type AimedCall,
  type BalanceStep,
  ConfigError,
  type Endpoint,
  formatDuration,
  type Policy,
  type Problem,
  type Refusal,
  refuse,
  type RoutedCall,
  type Runtime,
} from "@enmesh/core";
import { Availability } from "./availability.ts";
import { leastRequest } from "./least-request.ts";
import {
  healthRecord,
  type OutlierDetectionOptions,
  outlierDetectionDefaults,
  type Probe,
} from "./outlier-detection.ts";
import type { Picker } from "./picker.ts";
import { roundRobin } from "./round-robin.ts";

export type BalancerName = "leastRequest" | "roundRobin";

export interface BalancerOptions {
  /** How one of several healthy endpoints is chosen. @default "leastRequest" */
  readonly policy?: BalancerName;
  /** With less than this share of the endpoints healthy, health is not regarded. @default 0.5 */
  readonly panicThreshold?: number;
  /** `false` keeps every endpoint in the choice, whatever it does. */
  readonly outlierDetection?: OutlierDetectionOptions | false;
}

export const balancerDefaults: Required<BalancerOptions> = Object.freeze({
  policy: "leastRequest",
  panicThreshold: 0.5,
  outlierDetection: outlierDetectionDefaults,
});

/** The two halves of balancing: the step that picks (stage 8), and the policy that writes what it reads (stage 9). */
export interface Balancer {
  readonly step: BalanceStep;
  readonly health: Policy<AimedCall>;
  /** Asks no endpoint any more whether it is back. */
  readonly close: () => void;
}

/**
 * Picks an endpoint for each attempt: healthy ones first, none that this call has already tried while there is another, the least
 * loaded of them.
 */
export function createBalancer(options: BalancerOptions, runtime: Runtime, probe?: Probe): Balancer {
  const settings = checkBalancer(options);
  const availability = new Availability(settings.panicThreshold);
  const picker = pickers[settings.policy](runtime);
  const record = healthRecord(settings.outlierDetection, runtime, availability, probe);
  return {
    step: {
      name: "balance",
      pick: (call) => {
        const { endpoints } = availability.of(call.destination);
        if (endpoints.length === 0) return noEndpoint(call, runtime.clock.now());
        return picker.pick(call.attempt === 1 || endpoints.length === 1 ? endpoints : untried(endpoints, call), call);
      },
    },
    health: record,
    close: record.close,
  };
}

const pickers: Readonly<Record<BalancerName, (runtime: Runtime) => Picker>> = Object.freeze({
  leastRequest: (runtime: Runtime) => leastRequest(runtime.random),
  roundRobin: (runtime: Runtime) => roundRobin(runtime.random),
});

function untried(endpoints: readonly Endpoint[], call: RoutedCall): readonly Endpoint[] {
  const rest = endpoints.filter((endpoint) => !call.failures.some((failure) => failure.endpoint === endpoint));
  return rest.length > 0 ? rest : endpoints;
}

function noEndpoint(call: RoutedCall, now: number): Refusal {
  const { name, snapshot } = call.destination;
  const known = snapshot.endpoints.length;
  if (known > 0) {
    const nextAt = Math.min(...snapshot.endpoints.map(({ health }) => health.ejectedUntil));
    const message = `no healthy instance of "${name}" is left: ${known} known, all ejected; next look at one in ${formatDuration(Math.max(0, nextAt - now))}`;
    return refuse("ENMESH_NO_ENDPOINT", message, { retryable: true });
  }
  return refuse("ENMESH_NO_ENDPOINT", `no running instance of "${name}" is known; start one, or look at the registry`, {
    retryable: true,
  });
}

function checkBalancer(options: BalancerOptions): Required<BalancerOptions> {
  // What is present but undefined counts as absent.
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const settings = { ...balancerDefaults, ...given };
  const problems: Problem[] = [];
  for (const key of Object.keys(options)) {
    if (!Object.hasOwn(balancerDefaults, key))
      problems.push({ path: key, message: `no such option; there are ${Object.keys(balancerDefaults).join(", ")}` });
  }
  if (!Object.hasOwn(pickers, settings.policy))
    problems.push({
      path: "policy",
      message: `must be ${Object.keys(pickers).join(" or ")}, got ${JSON.stringify(settings.policy)}`,
    });
  if (!(settings.panicThreshold >= 0 && settings.panicThreshold <= 1))
    problems.push({ path: "panicThreshold", message: `must be 0 to 1, got ${settings.panicThreshold}` });
  if (settings.outlierDetection !== false) problems.push(...checkOutliers(settings.outlierDetection));
  if (problems.length > 0) throw new ConfigError("balancer", problems, "ENMESH_OPTION_INVALID");
  return settings;
}

function checkOutliers(options: OutlierDetectionOptions): Problem[] {
  const problems: Problem[] = [];
  for (const [key, value] of Object.entries(options) as [string, unknown][]) {
    const path = `outlierDetection.${key}`;
    if (!(key in outlierDetectionDefaults))
      problems.push({ path, message: `no such option; there are ${Object.keys(outlierDetectionDefaults).join(", ")}` });
    else if (typeof value !== "number" || !(value >= 0))
      problems.push({ path, message: `must be a number from 0 on, got ${String(value)}` });
  }
  return problems;
}
