import type { Random } from "@enmesh/core";

/** How chance is mixed into the waiting time, so that callers do not come back all at once. */
export type Jitter = "full" | "equal" | "decorrelated" | "none";

export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
  readonly multiplier: number;
  readonly jitter: Jitter;
}

/**
 * The wait before retry number `retry` (0 for the first).
 * `full` and `decorrelated` are those of "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015), `equal` is Finagle's.
 *
 * @param previousMs the wait before, which `decorrelated` grows from
 */
export function backoffMs(
  backoff: Backoff,
  retry: number,
  random: Random,
  previousMs: number = backoff.baseMs,
): number {
  const { baseMs, maxMs, multiplier, jitter } = backoff;
  // The power overflows to Infinity for large retries, and the minimum brings it back; only 0 times Infinity would be NaN.
  const raw = baseMs === 0 ? 0 : Math.min(maxMs, baseMs * multiplier ** retry);
  switch (jitter) {
    case "none":
      return raw;
    case "full":
      return random() * raw;
    case "equal":
      return raw / 2 + (random() * raw) / 2;
    case "decorrelated":
    default:
      return Math.min(maxMs, baseMs + random() * Math.max(0, 3 * previousMs - baseMs));
  }
}
