import { parseDuration } from "@enmesh/core";

import { codes } from "../diagnostics/codes.ts";
import type { Cursor, Reader } from "./cursor.ts";
import { didYouMean } from "./did-you-mean.ts";
import { wrong } from "./object.ts";

/** Text. A bare `true` or `1` is the most common mistake: it says to put it in quotes. */
export const text: Reader<string> = (cursor) => {
  const value = scalarOf(cursor);
  if (typeof value === "string") return value;
  if (typeof value !== "number" && typeof value !== "boolean") return void wrong(cursor, "text");
  return void wrong(cursor, `text: write it in quotes, "${value}"`);
};

/** Text of at least one character. */
export const word: Reader<string> = (cursor) => {
  const value = text(cursor);
  return value === "" ? void wrong(cursor, "text of at least one character") : value;
};

export const flag: Reader<boolean> = (cursor) => {
  const value = scalarOf(cursor);
  return typeof value === "boolean" ? value : void wrong(cursor, "true or false");
};

/** A number within bounds, both included. */
export function number(least: number, most: number = Number.POSITIVE_INFINITY): Reader<number> {
  return (cursor) => {
    const value = scalarOf(cursor);
    if (typeof value === "number" && Number.isFinite(value) && value >= least && value <= most) return value;
    return void wrong(cursor, `a number${between(least, most)}`);
  };
}

/** A whole number within bounds, both included. */
export function integer(least: number, most = 4_294_967_295): Reader<number> {
  return (cursor) => {
    const value = scalarOf(cursor);
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
    return void wrong(cursor, `a whole number${between(least, most)}`);
  };
}

export const port: Reader<number> = integer(1, 65_535);

/** `5s`, `100ms`, `1h30m`: at least a millisecond, as Istio has it; read as milliseconds. */
export const duration: Reader<number> = durationFrom(1);

/** A duration of at least so many milliseconds. */
export function durationFrom(leastMs: number): Reader<number> {
  return (cursor) => {
    const value = scalarOf(cursor);
    const milliseconds = typeof value === "string" ? readDuration(value) : undefined;
    if (milliseconds === undefined) return void wrong(cursor, "a duration with a unit, such as 250ms, 2s or 1m30s");
    return milliseconds >= leastMs ? milliseconds : void wrong(cursor, `a duration of at least ${leastMs}ms`);
  };
}

/** One of these words. */
export function oneOf<const T extends string>(...words: readonly T[]): Reader<T> {
  return (cursor) => {
    const value = scalarOf(cursor);
    const found = words.find((each) => each === value);
    if (found !== undefined) return found;
    const hint = typeof value === "string" ? didYouMean(value, words) : "";
    return void cursor.report(
      "error",
      codes.wrongValue,
      `must be one of ${words.join(", ")}, got ${cursor.shown()}.${hint}`,
    );
  };
}

function scalarOf(cursor: Cursor): string | number | boolean | null | undefined {
  return cursor.node.type === "scalar" ? cursor.node.value : undefined;
}

function between(least: number, most: number): string {
  return most === Number.POSITIVE_INFINITY || most === 4_294_967_295
    ? ` of at least ${least}`
    : ` from ${least} to ${most}`;
}

function readDuration(written: string): number | undefined {
  // Days are ours alone; Istio would refuse the file.
  if (written.includes("d")) return undefined;
  try {
    return parseDuration(written);
  } catch {
    return undefined;
  }
}
