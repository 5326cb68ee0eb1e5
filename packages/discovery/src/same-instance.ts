import type { Instance } from "@enmesh/core";

/** True when two words about an instance say the same. */
export function isSameInstance(one: Instance, other: Instance): boolean {
  return (
    one.id === other.id &&
    one.address === other.address &&
    one.port === other.port &&
    one.protocol === other.protocol &&
    one.status === other.status &&
    one.weight === other.weight &&
    one.version === other.version &&
    one.zone === other.zone &&
    one.region === other.region &&
    isSameRecord(one.labels, other.labels)
  );
}

function isSameRecord(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}
