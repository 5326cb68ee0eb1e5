import { Rejection } from "../http/exchange.ts";

const longestText = 8_192;

/** The field of something that may be an object; undefined when it is none, or has none of that name. */
export function fieldOf(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

export function fieldsOf(value: unknown): [string, unknown][] {
  return isObject(value) ? Object.entries(value) : [];
}

/** The elements of a list; where Eureka has only one, it may stand there alone. */
export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null || value === "" ? [] : [value];
}

/** A text; numbers and truth values as they are written. @throws Rejection 400 when it is too long to be kept. */
export function readText(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string") return "";
  if (value.length > longestText) throw new Rejection(400, `Invalid text: longer than ${longestText} characters`);
  return value;
}

/** A whole number within bounds, also from a text. */
export function readNumber(value: unknown, otherwise: number, least: number, most: number): number {
  const isWritten = typeof value === "string" && value.trim() !== "";
  const number = typeof value === "number" || isWritten ? Math.trunc(Number(value)) : Number.NaN;
  return number >= least && number <= most ? number : otherwise;
}

export function readFlag(value: unknown, otherwise: boolean): boolean {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string" || value === "") return otherwise;
  return value.toLowerCase() === "true";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
