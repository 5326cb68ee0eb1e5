import { codes } from "../diagnostics/codes.ts";
import type { Diagnostic, Position } from "../diagnostics/diagnostic.ts";
import { SourceFile } from "../diagnostics/source-file.ts";
import { readDocuments } from "./documents.ts";
import { plainOf } from "./node.ts";
import { offsetOf, stepsOf } from "./path.ts";

/** One YAML document, read safely. */
export interface YamlFile {
  /** Objects in it have no prototype. Undefined when the file is empty or cannot be read. */
  readonly value: unknown;
  /** What keeps the file from being used. */
  readonly problems: readonly Diagnostic[];
  /**
   * Where a field stands: `discovery.heartbeat`, `services[0].name`, or the steps themselves. A field that is not there gives its
   * nearest parent.
   */
  readonly positionOf: (path: string | readonly (string | number)[]) => Position;
}

/**
 * Reads a file of one YAML document (such as `enmesh.config.yaml`) with the same care as policies: core schema, duplicate keys
 * refused, size, nesting and aliases bounded, no prototype to pollute. It never throws.
 *
 * @example
 * ```ts
 * import { readYaml } from "@enmesh/routing";
 *
 * const { value, positionOf } = readYaml("service:\n  name: orders\n", "enmesh.config.yaml");
 * console.log(value, positionOf("service.name")); // … { line: 2, column: 3 }
 * ```
 */
export function readYaml(text: string, fileName: string): YamlFile {
  const file = new SourceFile({ name: fileName, text });
  const [root, second] = readDocuments(file);
  if (second !== undefined) {
    const at = { ...file.positionAt(second.offset), path: "" };
    file.report("error", codes.yamlInvalid, "holds a second document; keep one", at, "");
  }
  return {
    value: root === undefined ? undefined : plainOf(root),
    problems: file.diagnostics,
    positionOf: (path) =>
      root === undefined
        ? { line: 1, column: 1 }
        : file.positionAt(offsetOf(root, typeof path === "string" ? stepsOf(path) : path)),
  };
}
