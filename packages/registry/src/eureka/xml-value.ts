import type { XmlElement } from "./read-xml.ts";
import { decodeName } from "./xml-names.ts";

/**
 * Turns an element into the value that Eureka's JSON has in its place: children become fields, attributes become fields
 * with `@`, and the text beside attributes becomes `$`.
 */
export function xmlValue({ name, attributes, children, text }: XmlElement): unknown {
  // Only the keys of metadata are anybody's choice, and so only they are escaped.
  if (name === "metadata") return Object.fromEntries(children.map((child) => [decodeName(child.name), child.text]));
  const marks = Object.entries(attributes).map(([key, value]): [string, string] => [`@${key}`, value]);
  if (children.length === 0) return marks.length === 0 ? text : Object.fromEntries([...marks, ["$", text]]);
  return Object.fromEntries([...marks, ...children.map((child): [string, unknown] => [child.name, xmlValue(child)])]);
}
