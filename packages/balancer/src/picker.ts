import type { AttemptCall, Endpoint } from "@enmesh/core";

/** Chooses one of several endpoints. It never gets an empty list, and never changes it. */
export interface Picker {
  readonly name: string;
  readonly pick: (endpoints: readonly Endpoint[], call: AttemptCall) => Endpoint;
}
