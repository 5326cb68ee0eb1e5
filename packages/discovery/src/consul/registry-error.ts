import { MeshError } from "@enmesh/core";

/** What an HTTP client's failed request carries. */
interface Failure {
  readonly message?: string;
  readonly code?: string;
  /** Set when the answer could not be read. */
  readonly isCodec?: boolean;
  readonly response?: { readonly statusCode?: number; readonly body?: unknown };
}

const isItARegistry = "check that this url is a registry with the Consul HTTP API";

/** The status that made a request fail, or undefined when it was not for its status: an answer of 200 may break off, too. */
export function statusOf(error: unknown): number | undefined {
  const status = (error as Failure | undefined)?.response?.statusCode;
  return status !== undefined && status >= 300 ? status : undefined;
}

/** The text of the answer that a failed request got. */
export function textOf(error: unknown): string {
  const body = (error as Failure | undefined)?.response?.body;
  if (typeof body === "string") return body.trim();
  return Buffer.isBuffer(body) ? body.toString().trim() : "";
}

/** Says which registry failed, how, and what to do about it. */
export function registryError(name: string, error: unknown): MeshError {
  if (error instanceof MeshError) return error;
  const failure = error as Failure;
  const status = statusOf(error);
  if (status !== undefined) return refusedWith(name, status, textOf(error).slice(0, 200));
  if (failure.isCodec === true) return notUnderstood(name, "answers with something that is not JSON");
  // A response carries its request, and the request its token: neither goes into an error that is logged.
  return unreachable(name, reasonOf(failure), failure.response === undefined ? error : undefined);
}

/** The server is there, but what it says makes no sense. */
export function notUnderstood(name: string, what: string): MeshError {
  return new MeshError("ENMESH_REGISTRY_REFUSED", `${name} ${what}; ${isItARegistry}`);
}

export function unreachable(name: string, reason: string, cause?: unknown): MeshError {
  const remedy = "start it (npx enmesh-registry starts the embedded one) or correct its url";
  return new MeshError("ENMESH_REGISTRY_UNREACHABLE", `${name} cannot be reached: ${reason}; ${remedy}`, { cause });
}

function refusedWith(name: string, status: number, text: string): MeshError {
  const said = `${name} answered ${status}${text === "" ? "" : ` (${text})`}`;
  if (status >= 500 || status === 429) {
    return new MeshError("ENMESH_REGISTRY_UNREACHABLE", `${said}; it runs but cannot serve now`);
  }
  const isForbidden = status === 401 || status === 403;
  const advice = isForbidden ? "give a token that may do this (option token)" : isItARegistry;
  return new MeshError("ENMESH_REGISTRY_REFUSED", `${said}; ${advice}`);
}

function reasonOf(error: Failure): string {
  // A name with several addresses fails with several errors and an empty message of its own.
  const first = error instanceof AggregateError ? (error.errors[0] as Failure | undefined) : undefined;
  return error.message || first?.message || error.code || "unknown reason";
}
