import type { Source } from "../schema/cursor.ts";
import type { DestinationRule } from "./destination-rule.ts";
import type { VirtualService } from "./virtual-service.ts";

/** What every resource has. */
export interface ResourceHead {
  readonly name: string;
  readonly namespace: string;
  readonly source: Source;
  /** Its whole document as text, to tell whether it changed. */
  readonly content: string;
}

/** What the table is compiled from: each list in load order, by file name and then by place in the file. */
export interface Resources {
  readonly virtualServices: readonly VirtualService[];
  readonly destinationRules: readonly DestinationRule[];
}

/** `VirtualService/orders` */
export function labelOf(kind: string, name: string): string {
  return `${kind}/${name}`;
}
