/** Estimates a quantile from bucket counts, as PromQL's `histogram_quantile` does; 0 when nothing was counted. */
export function quantile(q: number, counts: ArrayLike<number>, bounds: readonly number[]): number {
  let total = 0;
  for (let bucket = 0; bucket <= bounds.length; bucket++) total += counts[bucket] ?? 0;
  if (total === 0) return 0;

  const rank = q * total;
  let below = 0;
  for (let bucket = 0; bucket < bounds.length; bucket++) {
    const count = counts[bucket] ?? 0;
    if (count > 0 && below + count >= rank) {
      const lower = bounds[bucket - 1] ?? 0;
      const upper = bounds[bucket] as number;
      return lower + ((upper - lower) * (rank - below)) / count;
    }
    below += count;
  }
  return bounds.at(-1) ?? 0;
}
