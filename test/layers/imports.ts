import { parseSync } from "oxc-parser";

/** One place where a file names another module. */
export interface Import {
  /** The path inside the package, such as src/breaker.ts. */
  readonly file: string;
  readonly specifier: string;
  /** Gone after compilation: `import type`, `export type`, `typeof import("x")`. */
  readonly isTypeOnly: boolean;
}

/** Finds every import of a file: static, re-exported, dynamic, required, and those inside types. */
export function importsOf(file: string, source: string): Import[] {
  const { program, errors } = parseSync(file, source);
  const [error] = errors;
  if (error) throw new Error(`${file} does not parse: ${error.message}`);

  const found: Import[] = [];
  visit(program, (node) => {
    const specifier = literal(isRequire(node) ? argument(node) : node["source"]);
    // What is computed at run time cannot be judged here.
    if (specifier !== undefined) found.push({ file, specifier, isTypeOnly: isErased(node) });
  });
  return found;
}

/** `import { type A }` is not: with verbatimModuleSyntax it stays, as an import for its effect. */
function isErased(node: Node): boolean {
  return node.type === "TSImportType" || node["importKind"] === "type" || node["exportKind"] === "type";
}

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

function visit(value: unknown, tell: (node: Node) => void): void {
  if (typeof value !== "object" || value === null) return;
  if ("type" in value && typeof value.type === "string") tell(value as Node);
  for (const child of Object.values(value)) visit(child, tell);
}

function isRequire(node: Node): boolean {
  if (node.type !== "CallExpression") return false;
  const callee = node["callee"] as Node;
  return callee.type === "Identifier" && callee["name"] === "require";
}

function argument(call: Node): unknown {
  return (call["arguments"] as unknown[])[0];
}

function literal(node: unknown): string | undefined {
  const value = (node as Node | undefined)?.["value"];
  return typeof value === "string" ? value : undefined;
}
