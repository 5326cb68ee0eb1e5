import { LineCounter } from "yaml";

import type { DiagnosticCode } from "./codes.ts";
import type { Diagnostic, Position, Severity } from "./diagnostic.ts";

/** One file as it was handed in. */
export interface PolicyFile {
  /** As it is to appear in diagnostics: `mesh/orders.yaml`. */
  readonly name: string;
  readonly text: string;
}

const excerptLength = 160;
/** Nobody reads more, and a file made of mistakes must not fill the memory. */
const mostPerFile = 100;

/** A file that knows its lines and collects what is said about it. */
export class SourceFile {
  readonly name: string;
  readonly text: string;
  readonly lines: LineCounter = new LineCounter();
  readonly diagnostics: Diagnostic[] = [];

  constructor({ name, text }: PolicyFile) {
    this.name = name;
    this.text = text;
  }

  positionAt(offset: number): Position {
    const { line, col } = this.lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  report(
    severity: Severity,
    code: DiagnosticCode,
    message: string,
    at: Position & { readonly path: string },
    resource: string,
  ): void {
    if (this.diagnostics.length >= mostPerFile && severity !== "error") return;
    if (this.diagnostics.length >= 2 * mostPerFile) return;
    const { line, column, path } = at;
    const start = this.lines.lineStarts[line - 1] ?? 0;
    const from = start + Math.max(0, column - 1 - excerptLength / 2);
    const excerpt = this.text.slice(from, from + excerptLength).split(/[\r\n]/, 1)[0] ?? "";
    const caret = start + column - 1 - from;
    this.diagnostics.push({ severity, code, message, file: this.name, line, column, path, resource, excerpt, caret });
  }
}
