import type { MeshError } from "@enmesh/core";

import type { Context } from "./context.ts";
import { Rejection, type Answer } from "./exchange.ts";

/**
 * Makes a change and answers once it is safe on disk. What changed nothing is answered at once; when the log cannot be
 * written, nothing is changed.
 */
export function durably({ store, journal }: Context, change: () => Answer): Answer | Promise<Answer> {
  if (journal.failure !== undefined) throw unsafe(journal.failure);
  const before = store.index;
  const answer = change();
  if (store.index === before) return answer;
  return journal.committed().then(
    () => answer,
    (error: unknown) => {
      throw unsafe(error as MeshError);
    },
  );
}

function unsafe(error: MeshError): Rejection {
  return new Rejection(500, error.message);
}
