import { codes } from "../diagnostics/codes.ts";
import type { YamlEntry } from "../yaml/node.ts";
import type { Cursor, Reader } from "./cursor.ts";
import { didYouMean } from "./did-you-mean.ts";

type Fields = Readonly<Record<string, Reader<unknown>>>;
type ReadOf<R> = R extends Reader<infer T> ? T : never;

/** What `object` reads: the required fields surely, the others when they are there. */
export type ObjectOf<F extends Fields, R extends keyof F = never> = { readonly [K in R]: ReadOf<F[K]> } & {
  readonly [K in Exclude<keyof F, R>]?: ReadOf<F[K]>;
};

/** A map with known fields. Unknown ones are errors, snake_case spellings are read with a warning, null is as good as absent. */
export function object<F extends Fields, R extends keyof F & string = never>(
  fields: F,
  required: readonly R[] = [],
): Reader<ObjectOf<F, R>> {
  return (cursor) => {
    if (cursor.node.type !== "map") return void wrong(cursor, "a map of fields");
    const value = Object.create(null) as Record<string, unknown>;
    for (const [written, entry] of cursor.node.entries) {
      const name = knownName(cursor, written, entry, fields);
      if (name === undefined) continue;
      const field = cursor.field(name, entry);
      const read = field.isNull() ? undefined : fields[name]?.(field);
      if (read !== undefined) value[name] = read;
    }
    return isComplete(cursor, value, required) ? (value as ObjectOf<F, R>) : undefined;
  };
}

/** A list; what is wrong in one item does not hide what is wrong in the next. */
export function list<T>(read: Reader<T>): Reader<readonly T[]> {
  return (cursor) => {
    if (cursor.node.type !== "list") return void wrong(cursor, 'a list (each item starting with "- ")');
    return cursor.node.items.flatMap((node, index) => {
      const item = read(cursor.item(index, node));
      return item === undefined ? [] : [item];
    });
  };
}

/** A map whose keys are free. The value of a key may be null. */
export function mapOf<T>(read: Reader<T>): Reader<readonly (readonly [string, T])[]> {
  return (cursor) => {
    if (cursor.node.type !== "map") return void wrong(cursor, "a map");
    return [...cursor.node.entries].flatMap(([key, entry]) => {
      const value = read(cursor.field(key, entry));
      return value === undefined ? [] : [[key, value] as const];
    });
  };
}

/** Reports that something else was expected. */
export function wrong(cursor: Cursor, expected: string): void {
  cursor.report("error", codes.wrongValue, `must be ${expected}, got ${cursor.shown()}`);
}

/** Reports all but the first of fields that exclude each other. Answers whether there was more than one. */
export function excludes(cursor: Cursor, names: readonly string[]): boolean {
  const [first, ...others] = names.flatMap((name) => cursor.get(name) ?? []);
  for (const other of others) {
    const [name, kept] = [other, first].map((field) => field?.path.split(".").at(-1));
    other.reportKey("error", codes.exclusiveFields, `"${name}" cannot stand beside "${kept}"; keep one of them`);
  }
  return others.length > 0;
}

function knownName(cursor: Cursor, written: string, entry: YamlEntry, fields: Fields): string | undefined {
  if (Object.hasOwn(fields, written)) return written;
  const camel = written.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  const field = cursor.field(written, entry);
  if (!Object.hasOwn(fields, camel)) {
    const known = Object.keys(fields);
    const hint = didYouMean(written, known) || ` Known here: ${known.join(", ")}`;
    field.reportKey("error", codes.unknownField, `unknown field ${JSON.stringify(written.slice(0, 60))}.${hint}`);
    return undefined;
  }
  if (cursor.get(camel) === undefined) {
    field.reportKey("warning", codes.oldSpelling, `read as "${camel}"; write it so`);
    return camel;
  }
  field.reportKey("error", codes.duplicateKey, `stands here twice, also as "${camel}"; keep that one`);
  return undefined;
}

function isComplete(cursor: Cursor, value: Readonly<Record<string, unknown>>, required: readonly string[]): boolean {
  const missing = required.filter((name) => value[name] === undefined);
  // A field that is there but could not be read has been reported already.
  for (const name of missing.filter((each) => cursor.get(each)?.isNull() ?? true)) {
    cursor.reportKey("error", codes.missingField, `"${name}" is required here and missing`);
  }
  return missing.length === 0;
}
