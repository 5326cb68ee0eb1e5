/** Where chance comes from: a number from 0 (included) to 1 (excluded). */
export type Random = () => number;

/**
 * Chance that can be repeated: the same seed gives the same numbers. (mulberry32, by Tommy Ettinger, public domain.)
 * For simulations and tests; not for secrets.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
