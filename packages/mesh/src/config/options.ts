import type { BalancerOptions } from "@enmesh/balancer";
import type { Duration, Runtime } from "@enmesh/core";
import type { HealthCheck, StaticInstance, TlsSettings } from "@enmesh/discovery";
import type { BulkheadOptions, CircuitBreakerOptions, RetryOptions } from "@enmesh/resilience";

/** A registry that runs inside this process, such as `embeddedRegistry()` of `@enmesh/registry`. */
export interface EmbeddedRegistry {
  start(): Promise<{ readonly url: string; readonly token?: string | undefined; close(): Promise<void> }>;
}

export interface AdminOptions {
  /** `0` takes any free port. @default 0 */
  readonly port?: number;
  /** Anything but loopback needs a token. @default "127.0.0.1" */
  readonly host?: string;
  /** Asked for as `Authorization: Bearer …` on everything but the health pages. */
  readonly token?: string;
}

export interface DrainOptions {
  /** How long requests are still served after everybody was told that we go. @default "2s" */
  readonly propagation?: Duration;
  /** How long requests under way may take to end. @default "25s" */
  readonly inFlight?: Duration;
}

export interface LogOptions {
  /** @default "info" */
  readonly level?: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  /** Which calls and requests get their line. @default "all" */
  readonly access?: "all" | "errors" | "off";
}

/**
 * Everything that can be said to a mesh in code. What is a plain value can also stand in `enmesh.config.json` or `.yaml`, and most of it in an
 * `ENMESH_*` variable. Code wins over environment, environment over file, file over default.
 */
export interface MeshOptions {
  /** The name others call this process by. */
  readonly service?: string;
  /** @default "unknown" */
  readonly version?: string;
  /** @default "default" */
  readonly namespace?: string;
  /** Unique per process. @default the service's name and a random part */
  readonly instanceId?: string;
  /** What subsets select by; `version` is always one. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly zone?: string;
  readonly region?: string;
  /** Share of traffic against our peers. @default 1 */
  readonly weight?: number;
  /** The address that others reach us at. @default where the server listens; the first outer address when it listens everywhere */
  readonly address?: string;
  /** A Consul agent, or an Enmesh registry, by URL (several with commas between them: the first is preferred); or one that runs in this process. @default "http://127.0.0.1:8500" */
  readonly registry?: string | EmbeddedRegistry;
  readonly registryToken?: string;
  /** For a registry at `https:`: whom to trust, and who we are, in PEM. */
  readonly registryTls?: TlsSettings;
  /** A directory in which what is known is written down, so that the next start needs no registry. @default none */
  readonly snapshot?: string;
  /** Instances by service, written down, in place of a registry. */
  readonly services?: Readonly<Record<string, readonly StaticInstance[]>>;
  /** Reject when the registry does not answer at the start; otherwise go on and keep trying. @default true */
  readonly failFast?: boolean;
  /** @default "5s" */
  readonly heartbeat?: Duration;
  /** Without a heartbeat for this long, we count as down. @default "15s" */
  readonly ttl?: Duration;
  /** Asked before every heartbeat: while it throws, or answers false, we are DOWN. */
  readonly healthCheck?: HealthCheck;
  /** A thread of its own beats while our event loop is blocked, for this long; then it says DOWN. `false`: no such thread. @default "30s" */
  readonly livenessTimeout?: Duration | false;
  /** A directory of VirtualService and DestinationRule files, watched for changes. */
  readonly policies?: string;
  /** For a whole call. `false`: only as long as whoever waits for us does. @default "10s" */
  readonly timeout?: Duration | false;
  /** For one attempt. @default "3s" */
  readonly attemptTimeout?: Duration | false;
  /** @default "1s" */
  readonly connectTimeout?: Duration;
  readonly retry?: RetryOptions | false;
  readonly circuitBreaker?: CircuitBreakerOptions | false;
  readonly bulkhead?: BulkheadOptions | false;
  readonly balancer?: BalancerOptions;
  /** What happens to hosts that discovery does not know: they are called as they are, or refused. @default "ALLOW_ANY" */
  readonly outboundTrafficPolicy?: "ALLOW_ANY" | "REGISTRY_ONLY";
  /** True for a process that the outside world reaches: nothing that only the mesh may say is believed from a request. @default false */
  readonly edge?: boolean;
  /** The listener with `/livez`, `/readyz`, `/metrics` and `/enmesh/state`. */
  readonly admin?: AdminOptions | false;
  readonly log?: LogOptions | false;
  /** @default true */
  readonly metrics?: boolean;
  /** W3C trace context through every hop. @default true */
  readonly tracing?: boolean;
  readonly drain?: DrainOptions;
  /** Drain and exit on SIGTERM and SIGINT, once a server has joined. @default true */
  readonly signals?: boolean;
  /** Time and chance, for tests. */
  readonly runtime?: Runtime;
}
