import { anything, duration, flag, integer, list, map, struct, text, type Decoder, type Fields } from "../go/decode.ts";
import { isCheckStatus, type CheckDefinition } from "../model/check.ts";
import { forbidden, isForbiddenTarget, splitHostPort } from "../probe/target.ts";
import { Rejection } from "./exchange.ts";
import { probeOf } from "./probe-spec.ts";

/** A check as clients send it: Consul's own field names. Times are in milliseconds. */
export interface CheckSpec {
  readonly CheckID: string;
  readonly ID: string;
  readonly Name: string;
  readonly Notes: string;
  readonly Status: string;
  readonly ServiceID: string;
  readonly TTL: number;
  readonly Interval: number;
  readonly DeregisterCriticalServiceAfter: number;
  readonly FailuresBeforeWarning: number;
  readonly FailuresBeforeCritical: number;
  readonly Args: readonly string[];
  readonly ScriptArgs: readonly string[];
  readonly HTTP: string;
  readonly H2PING: string;
  readonly TCP: string;
  readonly UDP: string;
  readonly GRPC: string;
  readonly OSService: string;
  readonly AliasNode: string;
  readonly AliasService: string;
  readonly DockerContainerID: string;
  readonly Timeout: number;
  readonly Header: Readonly<Record<string, readonly string[]>> | null;
  readonly Method: string;
  readonly Body: string;
  readonly DisableRedirects: boolean;
  readonly TCPUseTLS: boolean;
  readonly GRPCUseTLS: boolean;
  readonly TLSServerName: string;
  readonly TLSSkipVerify: boolean;
  readonly SuccessBeforePassing: number;
  readonly OutputMaxSize: number;
}

/** What only checks need that we do not carry out; read so that it is not called unknown. */
const ignored: Fields<Record<string, unknown>> = {
  H2PingUseTLS: flag,
  Shell: text,
  Token: text,
  Namespace: text,
  Partition: text,
  EnterpriseMeta: anything,
};

const fields: Fields<CheckSpec> = {
  CheckID: text,
  ID: text,
  Name: text,
  Notes: text,
  Status: text,
  ServiceID: text,
  TTL: duration,
  Interval: duration,
  DeregisterCriticalServiceAfter: duration,
  FailuresBeforeWarning: integer,
  FailuresBeforeCritical: integer,
  Args: list(text, "string"),
  ScriptArgs: list(text, "string"),
  HTTP: text,
  H2PING: text,
  TCP: text,
  UDP: text,
  GRPC: text,
  OSService: text,
  AliasNode: text,
  AliasService: text,
  DockerContainerID: text,
  Timeout: duration,
  Header: map(list(text, "string"), "[]string"),
  Method: text,
  Body: text,
  DisableRedirects: flag,
  TCPUseTLS: flag,
  GRPCUseTLS: flag,
  TLSServerName: text,
  TLSSkipVerify: flag,
  SuccessBeforePassing: integer,
  OutputMaxSize: integer,
};

export const checkSpec: Decoder<CheckSpec> = struct<CheckSpec>(
  { ...ignored, ...fields },
  {
    script_args: "ScriptArgs",
    docker_container_id: "DockerContainerID",
    deregister_critical_service_after: "DeregisterCriticalServiceAfter",
    service_id: "ServiceID",
  },
);

/** @throws Rejection in Consul's words for what no Consul takes, in ours for what only a Consul agent can run. */
export function validateCheck(spec: CheckSpec): void {
  const problem = problemOf(spec);
  if (problem !== undefined) throw new Rejection(400, `Invalid check: ${problem}`);
}

/** Scripts have their own refusal, and it comes last. */
export function refuseScripts(spec: CheckSpec): void {
  if (!isScript(spec)) return;
  const message =
    "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true";
  throw new Rejection(500, message);
}

/** The check as the registry keeps it. */
export function toDefinition(spec: CheckSpec, id: string, name: string): CheckDefinition {
  refuseOddId(id);
  const probe = probeOf(spec);
  return {
    id,
    name,
    notes: spec.Notes,
    status: isCheckStatus(spec.Status) ? spec.Status : "critical",
    type: probe?.kind ?? "ttl",
    ttlMs: spec.TTL,
    deregisterAfterMs: spec.DeregisterCriticalServiceAfter,
    ...(probe === undefined ? {} : { probe }),
  };
}

/** @throws Rejection for an id that could pass for one of another node. */
export function refuseOddId(id: string): void {
  if (id.includes("\u0000")) throw new Rejection(400, `Invalid ID ${JSON.stringify(id)}`);
}

function problemOf(spec: CheckSpec): string | undefined {
  const isAlias = spec.AliasNode !== "" || spec.AliasService !== "";
  const kind = activeKind(spec);
  if (spec.Interval > 0 && spec.TTL > 0) return "Interval and TTL cannot both be specified";
  if (kind !== undefined && spec.Interval <= 0) {
    return "Interval must be > 0 for Script, HTTP, H2PING, TCP, UDP or OSService checks";
  }
  if (kind === undefined && !isAlias && spec.TTL <= 0) return "TTL must be > 0 for TTL checks";
  if (spec.FailuresBeforeWarning > spec.FailuresBeforeCritical) {
    return "FailuresBeforeWarning can't be higher than FailuresBeforeCritical";
  }
  const targetProblem = problemOfTarget(spec);
  if (targetProblem !== undefined) return targetProblem;
  if (kind === undefined && (!isAlias || spec.AliasService !== "")) return undefined;
  if (["script", "HTTP", "TCP", "GRPC"].includes(kind ?? "")) return undefined;
  const what = isAlias ? "node alias" : kind;
  return `this registry runs no ${what} checks; give the check a TTL and let the service report to /v1/agent/check/pass/<id>`;
}

/** A stranger's check must not make us ask what only we can reach. */
function problemOfTarget({ HTTP, TCP, GRPC }: CheckSpec): string | undefined {
  const hosts = [
    HTTP === "" ? undefined : URL.parse(HTTP)?.hostname,
    splitHostPort(TCP)?.host,
    splitHostPort(GRPC.split("/", 1)[0] ?? "")?.host,
  ];
  const bad = hosts.find((host) => host !== undefined && isForbiddenTarget(host));
  return bad === undefined ? undefined : forbidden(bad).message;
}

/** The kind of a check that the agent itself would have to carry out. */
function activeKind(spec: CheckSpec): string | undefined {
  if (isScript(spec)) return "script";
  return (["HTTP", "TCP", "UDP", "GRPC", "H2PING", "OSService"] as const).find((name) => spec[name] !== "");
}

function isScript(spec: CheckSpec): boolean {
  return spec.Args.length > 0 || spec.ScriptArgs.length > 0;
}
