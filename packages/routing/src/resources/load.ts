import type { CallSource } from "../compile/call-source.ts";
import { codes } from "../diagnostics/codes.ts";
import { type Diagnostic, isClean } from "../diagnostics/diagnostic.ts";
import { type PolicyFile, SourceFile } from "../diagnostics/source-file.ts";
import { Cursor } from "../schema/cursor.ts";
import { readDocuments } from "../yaml/documents.ts";
import { plainOf, type YamlNode } from "../yaml/node.ts";
import { checkTogether } from "./check.ts";
import { readDestinationRule, type DestinationRule } from "./destination-rule.ts";
import { kindOf } from "./kinds.ts";
import { labelOf, type ResourceHead, type Resources } from "./resource.ts";
import { readVirtualService, type VirtualService } from "./virtual-service.ts";

/** What a set of files holds, and everything there is to say about it. */
export interface Loaded {
  /** Fit to be compiled only when no diagnostic is an error. */
  readonly resources: Resources;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads files of Istio resources: all files, all documents, all problems at once. Files count in the order of their names; names that do
 * not end in `.yaml` or `.yml` are not looked at. `source` says who calls, for rules that ask. It never throws.
 *
 * @example
 * ```ts
 * import { loadResources } from "@enmesh/routing";
 *
 * const { diagnostics } = loadResources([{ name: "orders.yaml", text: "kind: VirtualService" }]);
 * console.log(diagnostics[0]?.message); // "apiVersion" is required here and missing …
 * ```
 */
export function loadResources(files: readonly PolicyFile[], source?: CallSource): Loaded {
  const sources = files
    .filter(({ name }) => /\.ya?ml$/i.test(name))
    .toSorted((one, other) => (one.name < other.name ? -1 : Number(one.name > other.name)))
    .map((file) => new SourceFile(file));
  const virtualServices: VirtualService[] = [];
  const destinationRules: DestinationRule[] = [];
  for (const file of sources) {
    for (const document of readDocuments(file).flatMap(itemsOf)) {
      readResource(new Cursor(file, "", document), virtualServices, destinationRules);
    }
  }
  const resources = { virtualServices, destinationRules };
  if (sources.every((file) => isClean(file.diagnostics))) checkTogether(resources, sources, source);
  return { resources, diagnostics: sources.flatMap((file) => inOrder(file.diagnostics)) };
}

function readResource(document: Cursor, virtualServices: VirtualService[], destinationRules: DestinationRule[]): void {
  const [apiVersion, kind] = ["apiVersion", "kind"].map((name) => textOf(document.get(name)));
  if (apiVersion === undefined || kind === undefined) {
    const missing = apiVersion === undefined ? "apiVersion" : "kind";
    return document.report(
      "error",
      codes.notAResource,
      `"${missing}" is required here and missing (such as networking.istio.io/v1, VirtualService)`,
    );
  }
  const name = textOf(document.get("metadata")?.get("name"));
  const labelled = new Cursor(document.file, labelOf(kind.slice(0, 60), name ?? "?"), document.node);
  const carried = kindOf(labelled, apiVersion, kind);
  if (carried === undefined) return;
  if (name === undefined) labelled.report("error", codes.missingField, '"metadata.name" is required and missing');
  const spec = labelled.get("spec");
  if (spec === undefined) return labelled.report("error", codes.missingField, '"spec" is required here and missing');
  const strays = [...(document.node.type === "map" ? document.node.entries.keys() : [])].filter(
    (field) => !topLevel.has(field),
  );
  for (const stray of strays)
    labelled
      .get(stray)
      ?.reportKey("error", codes.unknownField, `unknown field; here stand ${[...topLevel].join(", ")}`);

  const head = headOf(labelled, spec, name ?? "?");
  if (carried === "VirtualService") push(virtualServices, readVirtualService(spec, head));
  else push(destinationRules, readDestinationRule(spec, head));
}

const topLevel: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "spec", "status"]);

function headOf(document: Cursor, spec: Cursor, name: string): ResourceHead {
  const namespace = textOf(document.get("metadata")?.get("namespace")) ?? "";
  return { name, namespace, source: document.source(), content: JSON.stringify(plainOf(spec.node)) };
}

/** `kubectl get -o yaml` wraps resources in a list. */
function itemsOf(document: YamlNode): readonly YamlNode[] {
  if (document.type !== "map") return [document];
  const kind = document.entries.get("kind")?.value;
  const items = document.entries.get("items")?.value;
  return kind?.type === "scalar" && kind.value === "List" && items?.type === "list" ? items.items : [document];
}

function textOf(cursor: Cursor | undefined): string | undefined {
  const value = cursor?.node.type === "scalar" ? cursor.node.value : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

function push<T>(target: T[], value: T | undefined): void {
  if (value !== undefined) target.push(value);
}

function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.toSorted((one, other) => one.line - other.line || one.column - other.column);
}
