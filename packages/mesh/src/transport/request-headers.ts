import type { IncomingHttpHeaders } from "node:http";
import { headers as meshHeaders, MeshError } from "@enmesh/core";

type HeaderValue = string | number | readonly string[] | undefined;

/** Headers in any of the forms that undici and fetch take. */
export type GivenHeaders =
  | readonly string[]
  | Readonly<Record<string, HeaderValue>>
  | Iterable<readonly [string, HeaderValue]>
  | null
  | undefined;

/** Response headers as undici gives them: lower-case names. */
export type AnswerHeaders = IncomingHttpHeaders;

const none: readonly string[] = Object.freeze([]);

/**
 * The same headers as one flat list: name, value, name, value. A list that is already flat is taken as it is.
 *
 * @throws MeshError `ENMESH_BAD_REQUEST` when a name has no value
 */
export function flatten(given: GivenHeaders): readonly string[] {
  if (given === null || given === undefined) return none;
  if (isFlat(given)) return evenly(given);
  const flat: string[] = [];
  if (isIterable(given)) {
    for (const [name, value] of given) push(flat, name, value);
    return flat;
  }
  for (const name in given) if (Object.hasOwn(given, name)) push(flat, name, given[name]);
  return flat;
}

/** A list of names and values, not one of pairs. */
function isFlat(given: object): given is readonly string[] {
  return Array.isArray(given) && !Array.isArray(given[0]);
}

function evenly(flat: readonly string[]): readonly string[] {
  if (flat.length % 2 === 0) return flat;
  throw new MeshError(
    "ENMESH_BAD_REQUEST",
    `a flat list of headers holds names and values in turn, and this one has ${flat.length} entries`,
  );
}

function isIterable(given: object): given is Iterable<readonly [string, HeaderValue]> {
  return Symbol.iterator in given;
}

function push(flat: string[], name: string, value: HeaderValue): void {
  if (value === undefined) return;
  if (typeof value === "string") flat.push(name, value);
  else if (Array.isArray(value)) for (const one of value as readonly unknown[]) flat.push(name, String(one));
  else flat.push(name, String(value));
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
export function merge(given: readonly string[], added: string[], host: string, constant: readonly string[]): string[] {
  if (given.length === 0) {
    // The usual call brings none: what was added is the list, and no second one is needed.
    added.push("host", host);
    for (const one of constant) added.push(one);
    return added;
  }
  const merged: string[] = [];
  let hasHost = false;
  for (let index = 0; index < given.length; index += 2) {
    const name = given[index] as string;
    const lower = name.toLowerCase();
    if (lower.startsWith("x-enmesh-") || isReplaced(lower, added)) continue;
    if (lower === "host") hasHost = true;
    merged.push(name, given[index + 1] as string);
  }
  if (!hasHost) merged.push("host", host);
  for (const one of constant) merged.push(one);
  for (const one of added) merged.push(one);
  return merged;
}

/** A `tracestate` belongs to the `traceparent` it came with, and goes with it. */
function isReplaced(name: string, added: readonly string[]): boolean {
  return isAdded(added, name) || (name === meshHeaders.traceState && isAdded(added, meshHeaders.traceParent));
}

function isAdded(added: readonly string[], name: string): boolean {
  for (let index = 0; index < added.length; index += 2) if (added[index] === name) return true;
  return false;
}
