import type { Diagnostic } from "./diagnostic.ts";

/**
 * Writes diagnostics for people: place, severity, code and message, then the line and a caret under the spot.
 *
 * @example
 * ```ts
 * import { formatDiagnostics, loadResources } from "@enmesh/routing";
 *
 * const { diagnostics } = loadResources([{ name: "orders.yaml", text: "kind: VirtualServce" }]);
 * console.log(formatDiagnostics(diagnostics));
 * ```
 */
export function formatDiagnostics(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.map(formatOne).join("\n");
}

function formatOne({
  file,
  line,
  column,
  severity,
  code,
  message,
  excerpt,
  caret,
  path,
  resource,
}: Diagnostic): string {
  const place = line > 0 ? `${file}:${line}:${column}` : file;
  const whose = [resource, path].filter((part) => part !== "").join(" ");
  const head = printable(`${place}: ${severity} ${code}${whose === "" ? "" : ` ${whose}`}: ${message}`);
  if (excerpt.trim() === "") return head;
  const gutter = `${line} | `;
  // A tab keeps its width only when the line under it has the same tab.
  const indent = excerpt.slice(0, caret).replace(/[^\t]/g, " ");
  return `${head}\n${gutter}${printable(excerpt)}\n${" ".repeat(gutter.length)}${indent}^`;
}

/** A file may hold terminal escapes; they must not reach a terminal. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  return text.replace(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, "\u{FFFD}");
}
