import { Writable } from "node:stream";
import { createLogger, type Logger, type LoggerOptions } from "../src/index.ts";

const identity = { service: "web", instanceId: "web-1", version: "1.2.0", namespace: "shop" };

/** A logger that writes into memory. */
export function collected(options: Omit<LoggerOptions, "identity" | "destination"> = {}): {
  readonly logger: Logger;
  readonly text: () => string;
  readonly lines: () => Record<string, unknown>[];
} {
  let text = "";
  const destination = new Writable({
    write: (chunk, _encoding, done) => {
      text += String(chunk);
      done();
    },
  });
  return {
    logger: createLogger({ identity, destination, ...options }),
    text: () => text,
    lines: () =>
      text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}
