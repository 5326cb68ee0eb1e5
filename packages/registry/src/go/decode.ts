import { DecodeError } from "./decode-error.ts";
import { goDuration } from "./duration.ts";

/**
 * Turns one JSON value into a typed one by the rules of Go's `encoding/json`, which Consul's clients rely on: names match
 * without regard to case, unknown names are refused, `null` and absence give the zero value. `at` is the field's path.
 */
export type Decoder<T> = (value: unknown, at: string) => T;

export const text: Decoder<string> = (value, at) => {
  if (isAbsent(value)) return "";
  if (typeof value !== "string") throw mismatch(value, at, "string");
  return value;
};

export const flag: Decoder<boolean> = (value, at) => {
  if (isAbsent(value)) return false;
  if (typeof value !== "boolean") throw mismatch(value, at, "bool");
  return value;
};

export const integer: Decoder<number> = (value, at) => {
  if (isAbsent(value)) return 0;
  if (!Number.isSafeInteger(value)) throw mismatch(value, at, "int");
  return value as number;
};

/** Milliseconds, from Go's text form or from a number of nanoseconds. */
export const duration: Decoder<number> = (value, at) => {
  if (isAbsent(value) || value === "") return 0;
  if (typeof value === "string") return goDuration(value);
  if (typeof value !== "number") throw mismatch(value, at, "time.Duration");
  return value / 1e6;
};

/** A value that we take and do not look at. */
export const anything: Decoder<unknown> = (value) => value ?? undefined;

/** `T[]`; absence gives an empty list. */
export function list<T>(item: Decoder<T>, type: string): Decoder<readonly T[]> {
  return (value, at) => {
    if (isAbsent(value)) return [];
    if (!Array.isArray(value)) throw mismatch(value, at, `[]${type}`);
    return value.map((each) => item(each, at));
  };
}

/** `map[string]T`; absence gives null. */
export function map<T>(item: Decoder<T>, type: string): Decoder<Readonly<Record<string, T>> | null> {
  return (value, at) => {
    if (isAbsent(value)) return null;
    if (!isObject(value)) throw mismatch(value, at, `map[string]${type}`);
    // Without a prototype, so that a key such as "__proto__" is a key like any other.
    const result = Object.create(null) as Record<string, T>;
    for (const [key, each] of Object.entries(value)) result[key] = item(each, at);
    return result;
  };
}

/** The fields of a Go struct, by their names there. */
export type Fields<T> = { readonly [Name in keyof T]: Decoder<T[Name]> };

/** A Go struct. `aliases` are further names, in lower case, such as `tagged_addresses`. */
export function struct<T extends object>(
  fields: Fields<T>,
  aliases: Readonly<Record<string, keyof T & string>> = {},
): Decoder<T> {
  const names = Object.keys(fields) as (keyof T & string)[];
  const byLowerCase = new Map<string, keyof T & string>(names.map((name) => [name.toLowerCase(), name]));
  for (const [alias, name] of Object.entries(aliases)) byLowerCase.set(alias, name);

  return (value, at) => {
    if (!isAbsent(value) && !isObject(value)) throw mismatch(value, at, "struct");
    const given = new Map<keyof T & string, unknown>();
    for (const [key, each] of Object.entries(value ?? {})) {
      const name = byLowerCase.get(key.toLowerCase());
      if (name === undefined) throw new DecodeError(`json: unknown field ${JSON.stringify(key)}`);
      given.set(name, each);
    }
    return Object.fromEntries(names.map((name) => [name, fields[name](given.get(name), `${at}.${name}`)])) as T;
  };
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function mismatch(value: unknown, at: string, wanted: string): DecodeError {
  const where = at === "" ? "Go value" : `Go struct field ${at}`;
  return new DecodeError(`json: cannot unmarshal ${kindOf(value)} into ${where} of type ${wanted}`);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "number" : `number ${value}`;
  return typeof value;
}
