const largestUint64 = 18_446_744_073_709_551_615n;

/** Reads an unsigned 64-bit number as Go's `strconv.ParseUint` does; undefined for anything else. */
export function parseUint(text: string): bigint | undefined {
  if (!/^\d{1,20}$/.test(text)) return undefined;
  const value = BigInt(text);
  return value > largestUint64 ? undefined : value;
}

const spellings: Readonly<Record<string, boolean>> = Object.freeze({
  "1": true,
  t: true,
  T: true,
  true: true,
  TRUE: true,
  True: true,
  "0": false,
  f: false,
  F: false,
  false: false,
  FALSE: false,
  False: false,
});

/** Reads a truth value as Go's `strconv.ParseBool` does; undefined for anything else. */
export function parseBool(text: string): boolean | undefined {
  return Object.hasOwn(spellings, text) ? spellings[text] : undefined;
}
