import type { HttpMatch } from "../resources/http-match.ts";

/** Who calls: what a rule may ask about the calling service itself. */
export interface CallSource {
  readonly labels?: Readonly<Record<string, string>>;
  readonly namespace?: string;
}

/** True when the labels are all there. Unknown labels are not there. */
export function hasLabels(source: CallSource | undefined, wanted: Iterable<readonly [string, string]>): boolean {
  for (const [name, value] of wanted) {
    if (source?.labels === undefined || !Object.hasOwn(source.labels, name) || source.labels[name] !== value)
      return false;
  }
  return true;
}

/** True when a match is about calls from here at all. As in Istio, naming gateways switches the other two questions off. */
export function isAbout(match: HttpMatch, source: CallSource | undefined): boolean {
  const { gateways, sourceLabels = [], sourceNamespace } = match;
  if (gateways !== undefined && gateways.length > 0) return gateways.includes("mesh");
  if (sourceNamespace !== undefined && sourceNamespace !== "" && sourceNamespace !== source?.namespace) return false;
  return hasLabels(source, sourceLabels);
}
