import type { Silence } from "./domain.ts";

const opening = "Self-preservation: ";
const continuation = " (last output follows): ";

/** What the checks of a frozen domain say. */
export function heldOutput(reason: string, lastOutput: string): string {
  const text = `${opening}${reason}; kept as it was, though its own beat is missing too`;
  return lastOutput === "" ? text : `${text}${continuation}${lastOutput}`;
}

/** What a check itself said last, under what was written over it. */
export function ownOutput(output: string): string {
  if (!isHeldOutput(output)) return output;
  const at = output.indexOf(continuation);
  return at === -1 ? "" : output.slice(at + continuation.length);
}

/** True for a check that was kept listed without a beat. */
export function isHeldOutput(output: string): boolean {
  return output.startsWith(opening);
}

export function freezeReason(domain: string, { silent, expected, share }: Silence): string {
  return `${silent} of ${expected} instances of ${domain} fell silent within one TTL (${Math.round(share * 100)} % of the beats)`;
}
