import type { Reader } from "../schema/cursor.ts";
import { notYet } from "../schema/not-yet.ts";
import { object } from "../schema/object.ts";
import { duration, durationFrom, integer } from "../schema/scalars.ts";

/** Limits of the connections from this process to a destination. What is not there (or 0) is unlimited. */
export interface ConnectionPool {
  readonly maxConnections?: number;
  readonly connectTimeoutMs?: number;
  readonly maxConnectionDurationMs?: number;
  readonly tcpIdleTimeoutMs?: number;
  readonly http1MaxPendingRequests?: number;
  readonly http2MaxRequests?: number;
  readonly maxRequestsPerConnection?: number;
  readonly maxRetries?: number;
  readonly httpIdleTimeoutMs?: number;
  readonly maxConcurrentStreams?: number;
}

const asBefore = notYet("connections are made as without it");

const tcpFields = object({
  maxConnections: integer(0),
  connectTimeout: duration,
  maxConnectionDuration: duration,
  idleTimeout: durationFrom(0),
  tcpKeepalive: asBefore,
});

const httpFields = object({
  http1MaxPendingRequests: integer(0),
  http2MaxRequests: integer(0),
  maxRequestsPerConnection: integer(0),
  maxRetries: integer(0),
  idleTimeout: duration,
  maxConcurrentStreams: integer(0),
  h2UpgradePolicy: asBefore,
  useClientProtocol: asBefore,
  http2KeepAlive: asBefore,
});

const fields = object({ tcp: tcpFields, http: httpFields });

export const readConnectionPool: Reader<ConnectionPool> = (cursor) => {
  const read = fields(cursor);
  if (read === undefined) return undefined;
  const { tcp = {}, http = {} } = read;
  return limited({
    maxConnections: tcp.maxConnections,
    connectTimeoutMs: tcp.connectTimeout,
    maxConnectionDurationMs: tcp.maxConnectionDuration,
    tcpIdleTimeoutMs: tcp.idleTimeout,
    http1MaxPendingRequests: http.http1MaxPendingRequests,
    http2MaxRequests: http.http2MaxRequests,
    maxRequestsPerConnection: http.maxRequestsPerConnection,
    maxRetries: http.maxRetries,
    httpIdleTimeoutMs: http.idleTimeout,
    maxConcurrentStreams: http.maxConcurrentStreams,
  });
};

/** Istio cannot tell 0 from nothing: both are no limit. */
function limited(values: Readonly<Record<keyof ConnectionPool, number | undefined>>): ConnectionPool {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== 0));
}
