import type { Wish } from "./lifecycle.ts";

export type Verb = "register" | "report" | "deregister";

/**
 * What is to be written to make a wish true, or nothing. Who leaves is never announced again, and who never asked for anything has nothing to
 * take back.
 */
export function nextWrite({ status }: Wish, isRegistered: boolean, hasAsked: boolean): Verb | undefined {
  if (status === "GONE") return hasAsked ? "deregister" : undefined;
  if (isRegistered) return "report";
  return status === "DRAINING" ? undefined : "register";
}
