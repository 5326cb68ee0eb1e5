const listLimit = 20;

/** What an event's field says, in a word or two. An endpoint or a destination is named, never written out: they hold the state of every policy. */
export function plainValue(value: unknown, depth = 0): unknown {
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error)
    return { type: value.name, message: value.message, ...("code" in value && { code: value.code }) };
  if (Array.isArray(value))
    return depth > 2 ? `[${value.length} items]` : value.slice(0, listLimit).map((item) => plainValue(item, depth + 1));
  if (isPlain(value)) return depth > 2 ? "[deep]" : plainFields(value, depth);
  return nameOf(value);
}

function plainFields(value: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, listLimit)
      .map(([name, field]) => [name, plainValue(field, depth + 1)]),
  );
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function nameOf(value: object): string {
  if ("origin" in value && typeof value.origin === "string") return value.origin;
  if ("name" in value && typeof value.name === "string") return value.name;
  if (value instanceof Date) return value.toISOString();
  return Object.prototype.toString.call(value);
}
