import { connect, type ClientHttp2Session } from "node:http2";

import type { Probe } from "../model/probe.ts";
import { critical, dialError, passing, type ProbeResult } from "./result.ts";
import { forbidden, guardedLookup, isForbiddenTarget, splitHostPort } from "./target.ts";

const serving = 1;

/** Asks by the standard gRPC health protocol; `host:port/service` asks for one service of a server. */
export async function probeGrpc(probe: Probe, signal: AbortSignal): Promise<ProbeResult> {
  const [address = "", service = ""] = probe.target.split(/\/(.*)/s);
  const at = splitHostPort(address);
  if (at === undefined) return critical(`${address}: missing port in address`);
  if (isForbiddenTarget(at.host)) return critical(forbidden(at.host).message);

  const session = connect(`${probe.usesTls ? "https" : "http"}://${address}`, {
    lookup: guardedLookup,
    rejectUnauthorized: !probe.skipsVerification,
    ...(probe.serverName ? { servername: probe.serverName } : {}),
  });
  try {
    const status = await check(session, service, signal);
    if (status === serving) return passing(`gRPC check ${probe.target}: success`);
    return critical("gRPC application didn't report service healthy");
  } catch (error) {
    const what = signal.aborted ? "context deadline exceeded" : failure(error, address);
    return critical(what);
  } finally {
    session.destroy();
  }
}

function failure(error: unknown, address: string): string {
  return error instanceof GrpcError
    ? error.message
    : `rpc error: code = Unavailable desc = ${dialError(error, address)}`;
}

/** The server answered, with an error of its own. */
class GrpcError extends Error {
  override readonly name = "GrpcError";
}

function check(session: ClientHttp2Session, service: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    session.once("error", reject);
    const stream = session.request(
      {
        ":method": "POST",
        ":path": "/grpc.health.v1.Health/Check",
        "content-type": "application/grpc",
        te: "trailers",
        "user-agent": "Consul Health Check",
      },
      { signal },
    );
    const chunks: Buffer[] = [];
    let bytes = 0;
    let grpcStatus: string | undefined;
    let grpcMessage = "";
    const note = (headers: Record<string, unknown>): void => {
      if (typeof headers["grpc-status"] === "string") grpcStatus = headers["grpc-status"];
      if (typeof headers["grpc-message"] === "string") grpcMessage = headers["grpc-message"];
    };
    stream.on("response", note).on("trailers", note);
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      // The answer has seven bytes; whoever sends more is something else.
      if (bytes > 4_096) stream.destroy(new GrpcError("rpc error: code = ResourceExhausted desc = message too large"));
      else chunks.push(chunk);
    });
    stream.once("error", reject);
    stream.once("end", () => {
      if (grpcStatus !== "0" && grpcStatus !== undefined) {
        reject(new GrpcError(`rpc error: code = ${codeName(grpcStatus)} desc = ${decodeURIComponent(grpcMessage)}`));
      } else resolve(statusOf(Buffer.concat(chunks)));
    });
    stream.end(requestFrame(service));
  });
}

/** `HealthCheckRequest{service}` in its gRPC frame. */
function requestFrame(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a]), varint(name.length), name]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** The `status` of a `HealthCheckResponse`, which is its first field; 0 where it is left out. */
function statusOf(frame: Buffer): number {
  return frame.length >= 7 && frame[5] === 0x08 ? (frame[6] as number) : 0;
}

function codeName(status: string): string {
  const names: Readonly<Record<string, string>> = {
    "5": "NotFound",
    "12": "Unimplemented",
    "14": "Unavailable",
    "16": "Unauthenticated",
  };
  return names[status] ?? `Code(${status})`;
}
