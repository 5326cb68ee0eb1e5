import type { DiagnosticCode } from "../diagnostics/codes.ts";
import type { Position, Severity } from "../diagnostics/diagnostic.ts";
import type { SourceFile } from "../diagnostics/source-file.ts";
import type { YamlEntry, YamlNode } from "../yaml/node.ts";
import { fieldPath } from "../yaml/path.ts";

/** Where something stands: what resources keep, so that later checks and refusals can name it. */
export interface Source extends Position {
  readonly file: string;
  readonly path: string;
}

/** Reads the value under a cursor; reports what is wrong there and then answers undefined. */
export type Reader<T> = (cursor: Cursor) => T | undefined;

/** A value of a document, with its path and a way to say something about it. */
export class Cursor {
  readonly node: YamlNode;
  readonly path: string;
  readonly file: SourceFile;
  /** `VirtualService/orders` */
  readonly resource: string;
  readonly #keyOffset: number;

  constructor(file: SourceFile, resource: string, node: YamlNode, path = "", keyOffset: number = node.offset) {
    this.file = file;
    this.resource = resource;
    this.node = node;
    this.path = path;
    this.#keyOffset = keyOffset;
  }

  field(name: string, entry: YamlEntry): Cursor {
    return new Cursor(this.file, this.resource, entry.value, fieldPath(this.path, name), entry.keyOffset);
  }

  item(index: number, node: YamlNode): Cursor {
    return new Cursor(this.file, this.resource, node, `${this.path}[${index}]`);
  }

  /** The field of a map, or undefined when it is not there (or this is no map). */
  get(name: string): Cursor | undefined {
    const entry = this.node.type === "map" ? this.node.entries.get(name) : undefined;
    return entry === undefined ? undefined : this.field(name, entry);
  }

  isNull(): boolean {
    return this.node.type === "scalar" && this.node.value === null;
  }

  /** Where the value stands. */
  source(): Source {
    return this.#sourceAt(this.node.offset);
  }

  /** Says something about the value. */
  report(severity: Severity, code: DiagnosticCode, message: string): void {
    this.file.report(severity, code, message, this.source(), this.resource);
  }

  /** Says something about the field as such: the place is its key. */
  reportKey(severity: Severity, code: DiagnosticCode, message: string): void {
    this.file.report(severity, code, message, this.#sourceAt(this.#keyOffset), this.resource);
  }

  /** What stands there, for messages: short, and in one line. */
  shown(): string {
    if (this.node.type !== "scalar") return this.node.type === "map" ? "a map" : "a list";
    const text = typeof this.node.value === "string" ? JSON.stringify(this.node.value) : String(this.node.value);
    return text.length > 60 ? `${text.slice(0, 57)}…` : text;
  }

  #sourceAt(offset: number): Source {
    return { file: this.file.name, path: this.path, ...this.file.positionAt(offset) };
  }
}
