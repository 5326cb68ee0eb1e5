import type { Random } from "@enmesh/core";

/** An id that is unlikely to occur twice; it is a label for people, not a secret. */
export function randomRequestId(random: Random): string {
  const part = (): string =>
    Math.floor(random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, "0");
  return `${part()}${part()}${part()}`;
}
