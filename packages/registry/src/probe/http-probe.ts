import { request as requestHttp, type IncomingMessage, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";

import type { Probe } from "../model/probe.ts";
import { critical, dialError, passing, type ProbeResult } from "./result.ts";
import { forbidden, guardedLookup, isForbiddenTarget } from "./target.ts";

const mostRedirects = 10;
const outputLimit = 4_096;

/** Asks a URL: 2xx is passing, 429 a warning, anything else critical. Redirects are followed, as Consul does. */
export async function probeHttp(probe: Probe, signal: AbortSignal): Promise<ProbeResult> {
  const method = probe.method || "GET";
  let url = new URL(probe.target);
  try {
    for (let hops = 0; ; hops++) {
      const answer = await ask(probe, url, hops === 0 ? method : "GET", signal);
      const location = answer.headers.location;
      const status = answer.statusCode ?? 0;
      if (location !== undefined && status >= 300 && status < 400 && probe.followsRedirects !== false) {
        answer.resume();
        if (hops >= mostRedirects) return critical(`${title(method)} "${location}": stopped after 10 redirects`);
        url = new URL(location, url);
        continue;
      }
      const body = await read(answer, probe.outputLimit ?? outputLimit);
      const output = `HTTP ${method} ${probe.target}: ${status} ${answer.statusMessage ?? ""} Output: ${body}`;
      if (status >= 200 && status < 300) return passing(output);
      return { status: status === 429 ? "warning" : "critical", output };
    }
  } catch (error) {
    return critical(`${title(method)} "${url.href}": ${reason(error, url, signal)}`);
  }
}

function ask(probe: Probe, url: URL, method: string, signal: AbortSignal): Promise<IncomingMessage> {
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new Error(`unsupported protocol scheme "${url.protocol}"`);
  if (isForbiddenTarget(url.hostname)) throw forbidden(url.hostname);
  const headers: Record<string, string | string[]> = {
    "User-Agent": "Consul Health Check",
    Accept: "text/plain, text/*, */*",
  };
  for (const [name, values] of Object.entries(probe.header ?? {})) headers[name] = [...values];
  const options: RequestOptions & { rejectUnauthorized?: boolean; servername?: string } = {
    method,
    headers,
    signal,
    agent: false,
    lookup: guardedLookup,
    ...(probe.skipsVerification ? { rejectUnauthorized: false } : {}),
    ...(probe.serverName ? { servername: probe.serverName } : {}),
  };
  return new Promise((resolve, reject) => {
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    const asked = send(url, options, resolve).on("error", reject);
    asked.end(probe.body || undefined);
  });
}

/** The beginning of the body; the rest is drained, not kept. */
async function read(answer: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    if (bytes < limit) chunks.push(chunk);
    bytes += chunk.length;
    // A body without an end must not hold us: what we show we have.
    if (bytes > limit + 1_048_576) break;
  }
  return Buffer.concat(chunks).subarray(0, limit).toString();
}

function reason(error: unknown, url: URL, signal: AbortSignal): string {
  if (signal.aborted) return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
  return (error as NodeJS.ErrnoException).code === undefined
    ? (error as Error).message
    : dialError(error, `${url.hostname}:${url.port || (url.protocol === "https:" ? 443 : 80)}`);
}

/** Go names a method in its errors with one capital. */
function title(method: string): string {
  return method.slice(0, 1).toUpperCase() + method.slice(1).toLowerCase();
}
