import http from "node:http";

import type { Ask } from "./kinds.ts";

export interface Reply {
  readonly status: number;
  /** `catalog/v2`, where the answer says it. */
  readonly version: string | undefined;
  readonly text: string;
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 512 });
const timeoutMs = 15_000;

/** Sends one request and resolves with the whole answer. No retries: every failure is counted as one. */
export function send(url: URL, { method, path, headers, body }: Omit<Ask, "isRight">): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = { agent, method, path, headers, host: url.hostname, port: url.port, timeout: timeoutMs };
    const request = http.request(options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.once("error", reject);
      response.once("end", () => {
        const version = response.headers["x-version"] as string | undefined;
        resolve({ status: response.statusCode ?? 0, version, text });
      });
    });
    request.once("error", reject);
    request.once("timeout", () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.end(body);
  });
}
