import type { AttemptRecord } from "./call.ts";

/** Every way in which the mesh says no. The codes are stable: match on them, never on the message. */
export type MeshErrorCode =
  | "ENMESH_DEADLINE_EXCEEDED"
  | "ENMESH_ATTEMPT_TIMEOUT"
  | "ENMESH_CIRCUIT_OPEN"
  | "ENMESH_BULKHEAD_FULL"
  | "ENMESH_NO_ENDPOINT"
  | "ENMESH_UNKNOWN_DESTINATION"
  | "ENMESH_SUBSET_MISSING"
  | "ENMESH_NO_ROUTE"
  | "ENMESH_CONNECT_FAILED"
  | "ENMESH_CONNECTION_LOST"
  | "ENMESH_UPSTREAM_FAILED"
  | "ENMESH_CANCELLED"
  | "ENMESH_BODY_TOO_LARGE"
  | "ENMESH_BODY_USED"
  | "ENMESH_CLOSED"
  | "ENMESH_POLICY_FAILED"
  | "ENMESH_BAD_REQUEST"
  | "ENMESH_CONFIG_INVALID"
  | "ENMESH_OPTION_INVALID"
  | "ENMESH_DURATION_INVALID"
  | "ENMESH_PORT_IN_USE"
  | "ENMESH_REGISTRY_UNREACHABLE"
  | "ENMESH_REGISTRY_REFUSED"
  | "ENMESH_RESOURCE_INVALID"
  | "ENMESH_STORE_FAILED";

export interface MeshErrorDetails {
  readonly cause?: unknown;
  readonly destination?: string | undefined;
  readonly attempts?: readonly AttemptRecord[] | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly retryBudgetExhausted?: boolean | undefined;
}

/**
 * The one error type of the mesh: what happened, to whom, and what to do.
 *
 * @example
 * ```ts
 * import { MeshError } from "@enmesh/core";
 *
 * const error = new MeshError("ENMESH_NO_ENDPOINT", 'no healthy endpoint for "orders"', { destination: "orders" });
 * console.log(error.code, error.attempts.length); // ENMESH_NO_ENDPOINT 0
 * ```
 */
export class MeshError extends Error {
  /** Stable; match on it. */
  readonly code: MeshErrorCode;
  /** The service (and subset) that was called, when there was one. */
  readonly destination: string | undefined;
  /** What was tried, in order: endpoint, outcome and time of each failed attempt. */
  readonly attempts: readonly AttemptRecord[];
  /** When the other side, or a policy, said how long to stay away. */
  readonly retryAfterMs: number | undefined;
  /** True when another attempt was worth making but the retry budget was spent. */
  readonly retryBudgetExhausted: boolean;

  constructor(code: MeshErrorCode, message: string, details: MeshErrorDetails = {}) {
    super(`${code}: ${message}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "MeshError";
    this.code = code;
    this.destination = details.destination;
    this.attempts = details.attempts ?? [];
    this.retryAfterMs = details.retryAfterMs;
    this.retryBudgetExhausted = details.retryBudgetExhausted ?? false;
  }
}

/** One thing that is wrong in what a user gave us: where, what is allowed, how to mend it. */
export interface Problem {
  /** The field, as the user wrote its path: `discovery.heartbeat`. */
  readonly path: string;
  /** What was wrong and what is allowed. */
  readonly message: string;
  /** Where the value came from: `option`, `ENMESH_HEARTBEAT`, `enmesh.config.yaml:3:5`. */
  readonly source?: string;
}

/** Refuses a whole set of options or a whole file, and tells all its problems at once. */
export class ConfigError extends MeshError {
  readonly problems: readonly Problem[];

  constructor(what: string, problems: readonly Problem[], code: MeshErrorCode = "ENMESH_CONFIG_INVALID") {
    const lines = problems.map(
      ({ path, message, source }) => `  - ${path === "" ? "" : `${path}: `}${message}${source ? ` (${source})` : ""}`,
    );
    super(code, `${what}: ${problems.length === 1 ? "1 problem" : `${problems.length} problems`}\n${lines.join("\n")}`);
    this.name = "ConfigError";
    this.problems = problems;
  }
}
