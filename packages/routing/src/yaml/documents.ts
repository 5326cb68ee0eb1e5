import { type Document, type ParsedNode, parseAllDocuments } from "yaml";

import { codes } from "../diagnostics/codes.ts";
import type { SourceFile } from "../diagnostics/source-file.ts";
import { NodeBuilder, TooMuch } from "./build.ts";
import { limits, excessIn } from "./limits.ts";
import type { YamlNode } from "./node.ts";

/**
 * Reads all documents of a file: YAML 1.2 core schema, no tags, no merge keys, duplicate keys refused, size, nesting and aliases
 * bounded. What is wrong is reported on the file; a document with an error is left out.
 */
export function readDocuments(file: SourceFile): YamlNode[] {
  const { text } = file;
  if (text.length > limits.length) {
    report(file, codes.tooLarge, `is longer than ${limits.length} characters; split it`, 0);
    return [];
  }
  file.lines.lineStarts = lineStartsOf(text);
  const excess = excessIn(text);
  if (excess !== undefined) {
    report(file, codes.tooLarge, `${excess.message}; no policy does`, excess.offset);
    return [];
  }
  const builder = new NodeBuilder(file);
  return parse(text).flatMap((document) => readDocument(document, file, builder));
}

function parse(text: string): Document<ParsedNode>[] {
  // Duplicate keys are found while building: the library compares each key with each other one.
  const options = { schema: "core", uniqueKeys: false, merge: false, prettyErrors: false, logLevel: "silent" } as const;
  const documents = parseAllDocuments(text, options);
  return [...documents] as Document<ParsedNode>[];
}

function readDocument(document: Document<ParsedNode>, file: SourceFile, builder: NodeBuilder): YamlNode[] {
  for (const { message, pos } of [...document.errors, ...document.warnings]) {
    report(file, codes.yamlInvalid, `${message}; the file is not valid YAML here`, pos[0]);
  }
  if (document.errors.length > 0 || document.contents === null) return [];
  try {
    return [builder.build(document)];
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    report(file, codes.tooLarge, `${error.message}; no policy does`, error.offset);
    return [];
  }
}

function report(
  file: SourceFile,
  code: (typeof codes)["yamlInvalid" | "tooLarge"],
  message: string,
  offset: number,
): void {
  file.report("error", code, message, { ...file.positionAt(offset), path: "" }, "");
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
