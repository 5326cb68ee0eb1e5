import { MeshError } from "./errors.ts";

/** A length of time as users write it: a number of milliseconds, or text such as `"250ms"`, `"2s"`, `"1m30s"`, `"1.5h"`. */
export type Duration = number | string;

const millisecondsOf: Readonly<Record<string, number>> = Object.freeze({
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
});
const part = /(\d+(?:\.\d+)?|\.\d+)(ns|us|µs|ms|s|m|h|d)/y;

/**
 * Reads a duration and answers in milliseconds. The text form is Go's (and so Istio's): one or more numbers, each with
 * its unit, plus `d` for days. A plain number is milliseconds.
 *
 * @throws MeshError `ENMESH_DURATION_INVALID` for anything else, negative and endless values included.
 * @example
 * ```ts
 * import { parseDuration } from "@enmesh/core";
 *
 * console.log(parseDuration("1m30s")); // 90000
 * ```
 */
export function parseDuration(value: Duration): number {
  if (typeof value === "number") {
    if (Number.isFinite(value) && value >= 0) return value;
    throw invalid(value);
  }
  const text = typeof value === "string" ? value.trim() : "";
  if (text === "0") return 0;
  if (text === "" || text.length > 64) throw invalid(value);

  let total = 0;
  part.lastIndex = 0;
  while (part.lastIndex < text.length) {
    const found = part.exec(text);
    if (found === null) throw invalid(value);
    total += Number(found[1]) * (millisecondsOf[found[2] ?? ""] ?? Number.NaN);
  }
  if (!Number.isFinite(total)) throw invalid(value);
  return Math.round(total * 1e6) / 1e6;
}

/** Writes milliseconds the way people say them: `250ms`, `2s`, `1m30s`. */
export function formatDuration(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return "forever";
  if (milliseconds < 1_000) return `${Math.round(milliseconds * 10) / 10}ms`;
  if (milliseconds < 60_000) return `${Math.round(milliseconds / 100) / 10}s`;
  const seconds = Math.round(milliseconds / 1_000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${hours > 0 ? `${hours}h` : ""}${minutes > 0 ? `${minutes}m` : ""}${rest > 0 ? `${rest}s` : ""}`;
}

function invalid(value: unknown): MeshError {
  const shown = typeof value === "string" ? JSON.stringify(value.slice(0, 64)) : String(value);
  return new MeshError(
    "ENMESH_DURATION_INVALID",
    `${shown} is not a duration; write "250ms", "2s" or "1m30s", or a number of milliseconds`,
  );
}
