import { DecodeError } from "./decode-error.ts";

const millisecondsOf: Readonly<Record<string, number>> = Object.freeze({
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
});
const part = /(\d+\.?\d*|\.\d+)([^\d.]*)/y;

/**
 * Reads a duration as Go's `time.ParseDuration` does and answers in milliseconds. Negative ones are legal here: whoever
 * asked decides what they mean.
 *
 * @throws DecodeError with Go's own words.
 */
export function goDuration(value: string): number {
  const sign = value.startsWith("-") ? -1 : 1;
  const text = value.replace(/^[+-]/, "");
  if (text === "0") return 0;
  if (text === "" || text.length > 64) throw invalid(value);

  let total = 0;
  part.lastIndex = 0;
  while (part.lastIndex < text.length) {
    const found = part.exec(text);
    if (found === null) throw invalid(value);
    const [, amount = "", unit = ""] = found;
    if (unit === "") throw new DecodeError(`time: missing unit in duration ${JSON.stringify(value)}`);
    const factor = Object.hasOwn(millisecondsOf, unit) ? millisecondsOf[unit] : undefined;
    if (factor === undefined) {
      throw new DecodeError(`time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(value)}`);
    }
    total += Number(amount) * factor;
  }
  return sign * total;
}

/** Writes a duration as Go does: `1m30s`, `500ms`, `0s`. */
export function goText(milliseconds: number): string {
  if (milliseconds < 1_000) return milliseconds === 0 ? "0s" : `${milliseconds}ms`;
  const hours = Math.floor(milliseconds / 3_600_000);
  const minutes = Math.floor(milliseconds / 60_000) % 60;
  const seconds = `${(milliseconds % 60_000) / 1_000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

function invalid(value: string): DecodeError {
  return new DecodeError(`time: invalid duration ${JSON.stringify(value)}`);
}
