import type { Random, Refusal, Routing } from "@enmesh/core";

/** Answers for one call. It allocates nothing. */
export type Choice = () => Routing | Refusal;

/** Something and its share of the calls. */
export interface Share {
  readonly weight: number;
  readonly value: Routing | Refusal;
}

/** Picks by weight: a point of the whole is drawn, and the shares are walked until they cover it. */
export function choiceOf(shares: readonly Share[], random: Random): Choice {
  const [first] = shares;
  if (first === undefined) throw new RangeError("routing: a route needs a destination");
  if (shares.length === 1) return () => first.value;
  const total = shares.reduce((sum, { weight }) => sum + weight, 0);
  return () => {
    let point = random() * total;
    for (const { weight, value } of shares) {
      if (point < weight) return value;
      point -= weight;
    }
    // Rounding may leave a rest behind the last share.
    return first.value;
  };
}
