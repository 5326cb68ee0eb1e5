import { type Endpoint, type Random, Slot } from "@enmesh/core";
import type { Picker } from "./picker.ts";

/** Takes one endpoint after the other, starting anywhere, so that many callers do not move in step. Weights are not regarded. */
export function roundRobin(random: Random): Picker {
  const turns = new Slot<{ next: number }>("place");
  return {
    name: "roundRobin",
    pick: (endpoints, call) => {
      const turn = turns.of(call.destination, () => ({ next: Math.floor(random() * endpoints.length) }));
      const at = turn.next < endpoints.length ? turn.next : 0;
      turn.next = at + 1;
      return endpoints[at] as Endpoint;
    },
  };
}
