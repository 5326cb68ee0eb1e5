import type { IncomingHttpHeaders } from "node:http";

/** Headers in any of the forms that undici and fetch take. */
export type GivenHeaders = readonly string[] | Readonly<Record<string, string | readonly string[] | undefined>> | Iterable<readonly [string, string | readonly string[] | undefined]> | null | undefined;

/** Response headers as undici gives them: lower-case names. */
export type AnswerHeaders = IncomingHttpHeaders;

const none: readonly string[] = Object.freeze([]);

/** The same headers as one flat list: name, value, name, value. A list that is already flat is taken as it is. */
export function flatten(given: GivenHeaders): readonly string[] {
  if (given === null || given === undefined) return none;
  if (Array.isArray(given)) return given as readonly string[];
  const flat: string[] = [];
  if (isIterable(given)) {
    for (const [name, value] of given) push(flat, name, value);
    return flat;
  }
  const record = given as Readonly<Record<string, string | readonly string[] | undefined>>;
  for (const name in record) push(flat, name, record[name]);
  return flat;
}

function isIterable(given: object): given is Iterable<readonly [string, string | readonly string[] | undefined]> {
  return Symbol.iterator in given;
}

function push(flat: string[], name: string, value: string | readonly string[] | undefined): void {
  if (value === undefined) return;
  if (typeof value === "string") flat.push(name, value);
  else for (const one of value) flat.push(name, String(one));
}

/** A header of a flat list, by lower-case name; several values are joined as RFC 9110 §5.3 says. */
export function find(flat: readonly string[], name: string): string | undefined {
  let found: string | undefined;
  for (let index = 0; index < flat.length; index += 2) {
    const one = flat[index] as string;
    if (one.length !== name.length || one.toLowerCase() !== name) continue;
    const value = flat[index + 1] as string;
    found = found === undefined ? value : `${found}, ${value}`;
  }
  return found;
}

/**
 * What goes on the wire: the caller's headers without those that the mesh sets itself, then the mesh's. There is never
 * a second `traceparent` or a second deadline.
 */
export function merge(given: readonly string[], added: readonly string[], host: string, constant: readonly string[]): string[] {
  const merged: string[] = [];
  let hasHost = false;
  for (let index = 0; index < given.length; index += 2) {
    const name = given[index] as string;
    const lower = name.toLowerCase();
    if (lower.startsWith("x-enmesh-") || isAdded(added, lower)) continue;
    if (lower === "host") hasHost = true;
    merged.push(name, given[index + 1] as string);
  }
  if (!hasHost) merged.push("host", host);
  for (const one of constant) merged.push(one);
  for (const one of added) merged.push(one);
  return merged;
}

function isAdded(added: readonly string[], name: string): boolean {
  for (let index = 0; index < added.length; index += 2) if (added[index] === name) return true;
  return false;
}
