import { codes } from "../diagnostics/codes.ts";
import type { Reader } from "./cursor.ts";

/** A field that Istio knows and this version does not carry out. It is never dropped in silence. */
export function notYet(consequence: string): Reader<never> {
  return (cursor) => {
    const name = cursor.path.split(".").at(-1);
    cursor.reportKey("warning", codes.notCarriedOut, `"${name}" is not carried out in this version: ${consequence}`);
    return undefined;
  };
}

/** A field that is read and kept, and not carried out. */
export function carriedOnly<T>(read: Reader<T>, consequence: string): Reader<T> {
  const warn = notYet(consequence);
  return (cursor) => {
    warn(cursor);
    return read(cursor);
  };
}
