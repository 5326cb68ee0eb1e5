import { codes } from "../diagnostics/codes.ts";
import type { HttpMatch } from "./http-match.ts";
import { labelOf, type Resources } from "./resource.ts";
import type { Say } from "./say.ts";

/** Rules that ask who calls, where nobody said it. */
export function checkCallers({ virtualServices, destinationRules }: Resources, say: Say): void {
  for (const { name, callerLabels, source } of destinationRules) {
    if (callerLabels === undefined) continue;
    const message = "workloadSelector: the labels of the caller are not known, the rule is left out";
    say("warning", codes.notCarriedOut, message, source, labelOf("DestinationRule", name));
  }
  for (const { name, http } of virtualServices.filter(({ isForMesh }) => isForMesh)) {
    for (const { match, source } of http) {
      if (!match.some(asksForCaller)) continue;
      const message = "sourceLabels, sourceNamespace: the caller is not known here, such a match never holds";
      say("warning", codes.notCarriedOut, message, source, labelOf("VirtualService", name));
    }
  }
}

function asksForCaller({ gateways = [], sourceLabels, sourceNamespace }: HttpMatch): boolean {
  return gateways.length === 0 && (sourceLabels !== undefined || sourceNamespace !== undefined);
}
