import type { Random } from "@enmesh/core";

export interface BackoffLimits {
  /** The longest first pause. */
  readonly firstMs: number;
  /** The longest pause of all. */
  readonly maxMs: number;
}

/**
 * How long to pause after the given number of failures in a row. It doubles up to a limit, and chance takes up to half of it away: after a registry
 * restart its clients come back one by one, not all at once.
 */
export function pauseAfter(failures: number, { firstMs, maxMs }: BackoffLimits, random: Random): number {
  const longest = Math.min(maxMs, firstMs * 2 ** (failures - 1));
  return longest * (1 - random() / 2);
}
