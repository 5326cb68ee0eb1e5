/**
 * The prototype of lines that this package builds itself: their fields are known to hold no secret and to name their own request, so that
 * the logger neither searches them nor adds to them. That is most of what a line costs.
 */
const wideLine: object = Object.freeze(Object.create(null));

export type WideLine = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Gives a line's fields their mark: `{ __proto__: wideLineMark, … }`. */
export const wideLineMark: null = wideLine as unknown as null;

export function isWideLine(value: object): boolean {
  return Object.getPrototypeOf(value) === wideLine;
}
