import type { Answer } from "./exchange.ts";

const jsonHeaders = Object.freeze({ "Content-Type": "application/json" });
const textHeaders = Object.freeze({ "Content-Type": "text/plain; charset=utf-8" });

/** Success without a word: what Consul's agent says to every write. */
export const done: Answer = Object.freeze({ status: 200 });

export function json(body: string | Buffer): Answer {
  return { status: 200, headers: jsonHeaders, body };
}

/** Errors are plain sentences, never JSON. */
export function plainText(status: number, body: string): Answer {
  return { status, headers: textHeaders, body };
}
