import { codes } from "../diagnostics/codes.ts";
import type { Cursor, Reader } from "../schema/cursor.ts";
import { carriedOnly, notYet } from "../schema/not-yet.ts";
import { list, object } from "../schema/object.ts";
import { durationFrom, integer, number, port } from "../schema/scalars.ts";
import { type ConnectionPool, readConnectionPool } from "./connection-pool.ts";
import { type LoadBalancer, readLoadBalancer } from "./load-balancer.ts";
import { type OutlierDetection, readOutlierDetection } from "./outlier-detection.ts";

/** How many retries a destination stands. */
export interface RetryBudget {
  /** Of the calls under way. */
  readonly percent: number;
  readonly minRetryConcurrency: number;
  readonly intervalMs: number;
}

/** What a DestinationRule says about a destination, in blocks. A block that is not there has the mesh's defaults. */
export interface TrafficPolicy {
  readonly loadBalancer?: LoadBalancer;
  readonly outlierDetection?: OutlierDetection;
  readonly connectionPool?: ConnectionPool;
  readonly retryBudget?: RetryBudget;
  /** Kept, and not carried out yet: for these ports, only these blocks count. */
  readonly ports?: ReadonlyMap<number, TrafficPolicy>;
}

const budgetFields = object({
  percent: number(0, 100),
  minRetryConcurrency: integer(0),
  budgetInterval: durationFrom(0),
});

const readRetryBudget: Reader<RetryBudget> = (cursor) => {
  const read = budgetFields(cursor);
  if (read === undefined) return undefined;
  const { percent = 20, minRetryConcurrency = 3, budgetInterval: intervalMs = 0 } = read;
  return { percent, minRetryConcurrency, intervalMs };
};

const blocks = {
  loadBalancer: readLoadBalancer,
  outlierDetection: readOutlierDetection,
  connectionPool: readConnectionPool,
  tls: notYet("calls go out as the registry says, http or https"),
} as const;

const portFields = object({ ...blocks, port: object({ number: port }, ["number"]) }, ["port"]);

const readPorts: Reader<ReadonlyMap<number, TrafficPolicy>> = (cursor) => {
  const read = list(portFields)(cursor);
  return read && new Map(read.map(({ port: { number: key }, ...policy }) => [key, policy]));
};

const fields = object({
  ...blocks,
  retryBudget: readRetryBudget,
  portLevelSettings: carriedOnly(readPorts, "all ports have the settings of the destination"),
  tunnel: notYet("nothing is tunnelled"),
  proxyProtocol: notYet("no PROXY header is sent"),
  // Read below, and only when nothing better is there.
  circuitBreaker: (cursor: Cursor) => cursor,
});

export const readTrafficPolicy: Reader<TrafficPolicy> = (cursor) => {
  const read = fields(cursor);
  if (read === undefined) return undefined;
  if (cursor.node.type === "map" && cursor.node.entries.size === 0) {
    cursor.report("error", codes.missingField, "must have at least one block, such as loadBalancer");
  }
  const { circuitBreaker, portLevelSettings: ports, ...rest } = read;
  const legacy = circuitBreaker === undefined ? undefined : legacyBreaker(cursor, circuitBreaker);
  return {
    ...rest,
    ...(legacy === undefined ? {} : { outlierDetection: legacy }),
    ...(ports === undefined ? {} : { ports }),
  };
};

/** `circuitBreaker` has not been a field since Istio 1.0; there it is dropped in silence, and nothing is ever ejected. */
function legacyBreaker(policy: Cursor, breaker: Cursor): OutlierDetection | undefined {
  if (policy.get("outlierDetection") === undefined) {
    const message =
      "no field of Istio any more (it would be dropped in silence); read as outlierDetection; rename it so";
    breaker.reportKey("warning", codes.legacyField, message);
    return readOutlierDetection(breaker);
  }
  const names = breaker.node.type === "map" ? [...breaker.node.entries.keys()].join(", ") : "";
  const message = `no field of Istio any more, and outlierDetection beside it counts alone; ignored: ${names}; remove it`;
  breaker.reportKey("warning", codes.legacyField, message);
  return undefined;
}
