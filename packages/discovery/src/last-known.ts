import type { Instance } from "@enmesh/core";

/** What is held to be true about a service. */
export interface Known {
  readonly instances: readonly Instance[];
  /** Those among them that are remembered, not told by the newest answer. */
  readonly remembered: readonly Instance[];
  /** Those that were let go by the newest answer without a word of their own. */
  readonly lost: readonly Instance[];
}

export const nothingKnown: Known = Object.freeze({
  instances: Object.freeze([]),
  remembered: Object.freeze([]),
  lost: Object.freeze([]),
});

/** What is known of those who are in doubt already, and of those who were let go a moment ago. */
export interface Evidence {
  readonly isHeld: (id: string) => boolean;
  /** Those that were let go lately: a loss in small steps is a loss all the same. */
  readonly lostLately: readonly Instance[];
}

/**
 * Takes a new answer, with one reserve: an answer that leaves out more than half of the live instances at once is not believed about
 * those it does not mention. They stay (and those come back that it left out a moment before), because a registry that lost its memory looks exactly like a service that lost its copies, and only one
 * of the two mistakes hurts. What the answer does mention (down, draining) is believed, and what was seen draining before it vanished is gone.
 * Who is in doubt stays in doubt until evidence ends it.
 */
export function learn(known: Known, answer: readonly Instance[], { isHeld, lostLately }: Evidence): Known {
  const mentioned = new Set(answer.flatMap((instance) => [instance.id, place(instance)]));
  const isMissing = (instance: Instance): boolean => !mentioned.has(instance.id) && !mentioned.has(place(instance));
  const live = known.instances.filter(isUp);
  const missing = live.filter(isMissing);
  if (missing.length === 0) return { instances: answer, remembered: [], lost: [] };

  const sure = live.filter(({ id }) => !isHeld(id)).length + lostLately.length;
  const newlyMissing = missing.filter(({ id }) => !isHeld(id)).length + lostLately.length;
  const isDoubtful = !answer.some(isUp) || newlyMissing * 2 > sure;
  const remembered = isDoubtful
    ? [...missing, ...lostLately.filter(isMissing)]
    : missing.filter(({ id }) => isHeld(id));
  const instances = [...answer, ...remembered].toSorted((one, other) => (one.id < other.id ? -1 : 1));
  return { instances, remembered, lost: isDoubtful ? [] : missing.filter(({ id }) => !isHeld(id)) };
}

export function isUp(instance: Instance): boolean {
  return instance.status === "UP";
}

function place({ address, port }: Instance): string {
  return `${address} ${port}`;
}
