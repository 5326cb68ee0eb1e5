import type { Instance } from "@enmesh/core";

/** What is held to be true about a service. */
export interface Known {
  readonly instances: readonly Instance[];
  /** True when some of it is remembered, not told by the newest answer. */
  readonly isRemembered: boolean;
}

export const nothingKnown: Known = Object.freeze({ instances: Object.freeze([]), isRemembered: false });

/**
 * Takes a new answer, with one reserve: an answer without a single live instance says nothing about those it does not mention. The instances
 * that were up when they were last seen stay, because a registry that lost its memory looks exactly like a service that lost all its copies, and only
 * one of the two mistakes hurts. What the answer does mention (down, draining) is believed, and what was seen draining before it vanished is gone.
 */
export function learn(known: Known, answer: readonly Instance[]): Known {
  if (answer.some(isUp)) return { instances: answer, isRemembered: false };

  const mentioned = new Set(answer.flatMap((instance) => [instance.id, place(instance)]));
  const remembered = known.instances.filter(
    (instance) => isUp(instance) && !mentioned.has(instance.id) && !mentioned.has(place(instance)),
  );
  return { instances: [...answer, ...remembered], isRemembered: remembered.length > 0 };
}

export function isUp(instance: Instance): boolean {
  return instance.status === "UP";
}

function place({ address, port }: Instance): string {
  return `${address} ${port}`;
}
