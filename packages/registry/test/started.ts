import { request } from "node:http";

import type { RegistryOptions } from "../src/options.ts";
import { startRegistry, type Registry } from "../src/registry.ts";

const running: Registry[] = [];

/** Ends all that `started` began. */
export async function stopAll(): Promise<void> {
  for (const registry of running.splice(0)) await registry.close();
}

export interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A registry on a port of its own, and plain sockets to ask it: `fetch` would not send all methods and headers. */
export async function started(options: RegistryOptions = {}) {
  const registry = await startRegistry({ port: 0, ...options });
  running.push(registry);
  const ask = (method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Told> =>
    new Promise((resolve, reject) => {
      const asked = request(`${registry.url}${path}`, { method, headers, agent: false }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString() }),
        );
        answer.on("error", reject);
      });
      asked.on("error", reject);
      asked.end(body);
    });
  const get = (path: string) => ask("GET", path);
  const put = (path: string, body?: string) => ask("PUT", path, body);
  return { registry, ask, get, put };
}
