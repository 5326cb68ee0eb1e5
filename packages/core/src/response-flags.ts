import type { Call } from "./call.ts";
import type { MeshErrorCode } from "./errors.ts";
import type { FailureCause, Outcome } from "./outcome.ts";

/** No flag, as Envoy writes it. */
export const noFlags = "-";

const flagOfCode: Readonly<Partial<Record<MeshErrorCode, string>>> = Object.freeze({
  ENMESH_NO_ENDPOINT: "UH",
  ENMESH_SUBSET_MISSING: "UH",
  ENMESH_CIRCUIT_OPEN: "UO",
  ENMESH_BULKHEAD_FULL: "UO",
  ENMESH_CONNECT_FAILED: "UF",
  ENMESH_CONNECTION_LOST: "UC",
  ENMESH_ATTEMPT_TIMEOUT: "UT",
  ENMESH_DEADLINE_EXCEEDED: "UT",
  ENMESH_NO_ROUTE: "NR",
  ENMESH_UNKNOWN_DESTINATION: "NC",
  ENMESH_CANCELLED: "DC",
  ENMESH_CLOSED: "LR",
});

const flagOfCause: Readonly<Record<FailureCause, string>> = Object.freeze({
  refused: noFlags,
  connect: "UF",
  reset: "UC",
  "attempt-timeout": "UT",
  deadline: "UT",
  cancelled: "DC",
  body: "UC",
  error: noFlags,
});

/** The same flag with "retry limit exceeded" added. Prepared: nothing is joined while calls run. */
const afterRetries: Readonly<Record<string, string>> = Object.freeze({
  ...Object.fromEntries(
    [...Object.values(flagOfCode), ...Object.values(flagOfCause), "RL"].map((flag) => [flag, `${flag},URX`]),
  ),
  [noFlags]: "URX",
});

/** How a call failed, in Envoy's letters: `UH`, `UF,URX`, or `-`. Always one of a few prepared strings. */
export function responseFlags(call: Call, outcome: Outcome): string {
  if (outcome.kind === "success" || outcome.kind === "clientError") return noFlags;
  const flag = ownFlag(outcome);
  const isWorn =
    outcome.kind !== "fatal" && outcome.kind !== "ignorable" && (call.attempt > 1 || call.retryBudgetExhausted);
  return isWorn ? (afterRetries[flag] ?? flag) : flag;
}

/** The flag of an inbound request that the mesh itself answered, by the error code it answered with. */
export function flagsOfRefusal(code: string): string {
  return flagOfCode[code as MeshErrorCode] ?? noFlags;
}

function ownFlag({ refusal, cause }: Outcome): string {
  if (refusal !== undefined) return flagOfCode[refusal.code] ?? (refusal.status === 429 ? "RL" : noFlags);
  return cause === undefined ? noFlags : flagOfCause[cause];
}
