import { stdSerializers } from "pino";
import { type IsSecret, redacted } from "./deny-list.ts";

/** Deeper than this nothing is written: a log line is no dump. */
const depthLimit = 6;
const entriesLimit = 200;
const nothing: ReadonlySet<string> = new Set();

export type Clean = (value: object) => Record<string, unknown>;

/**
 * Copies what is to be logged without its secrets, by the names of its fields, at every depth. Errors become their plain form first:
 * libraries hang whole requests on them. What cannot be read is left out; a log line never throws. The fields `untouched` are left as they are, for
 * a serializer that needs the original.
 */
export function redactor(isSecret: IsSecret, untouched: ReadonlySet<string> = nothing): Clean {
  function clean(value: unknown, depth: number, above: readonly object[]): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (above.includes(value)) return "[circular]";
    if (depth > depthLimit) return "[deep]";
    if (value instanceof Error) return cleanFields(stdSerializers.err(value), depth, [...above, value]);
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if ("toJSON" in value && typeof value.toJSON === "function")
      return clean(value.toJSON(), depth + 1, [...above, value]);
    return Array.isArray(value)
      ? cleanList(value, depth, [...above, value])
      : cleanFields(value, depth, [...above, value]);
  }

  function cleanList(list: readonly unknown[], depth: number, above: readonly object[]): unknown {
    if (isHeaderPairs(list)) {
      return list.map((item, index) => (index % 2 === 1 && isSecret(String(list[index - 1])) ? redacted : item));
    }
    return list.slice(0, entriesLimit).map((item) => clean(item, depth + 1, above));
  }

  function cleanFields(fields: object, depth: number, above: readonly object[]): Record<string, unknown> {
    const kept: Record<string, unknown> = {};
    const label = labelOf(fields);
    for (const name of Object.keys(fields).slice(0, entriesLimit)) {
      kept[name] =
        isSecret(name) || (name === "value" && label !== undefined && isSecret(label))
          ? hide(fields, name)
          : read(fields, name, depth, above);
    }
    return kept;
  }

  function read(fields: object, name: string, depth: number, above: readonly object[]): unknown {
    try {
      return clean((fields as Record<string, unknown>)[name], depth + 1, above);
    } catch {
      return "[unreadable]";
    }
  }

  return (value) => {
    const kept = cleanFields(value, 0, [value]);
    for (const name of untouched)
      if (name in value && !isSecret(name)) kept[name] = (value as Record<string, unknown>)[name];
    return kept;
  };
}

function hide(fields: object, name: string): unknown {
  const { value } = Object.getOwnPropertyDescriptor(fields, name) ?? {};
  return value === undefined || value === null ? undefined : redacted;
}

/** The name in a pair such as `{ name: "cookie", value: "…" }`. */
function labelOf(fields: object): string | undefined {
  if (!("value" in fields)) return undefined;
  const label: unknown = "name" in fields ? fields.name : "key" in fields ? fields.key : undefined;
  return typeof label === "string" ? label : undefined;
}

/** undici and Node.js write raw headers as one flat list: name, value, name, value. */
function isHeaderPairs(list: readonly unknown[]): boolean {
  return list.length > 0 && list.length % 2 === 0 && list.every((item) => typeof item === "string");
}
