import type { Runtime } from "@enmesh/core";

import type { Agent } from "../agent/agent.ts";
import type { SessionKeeper } from "../agent/session-keeper.ts";
import type { UserEvents } from "../agent/user-events.ts";
import type { Journal } from "../log/journal.ts";
import type { HealthTexts } from "../render/health.ts";
import type { NodeFacts } from "../render/node.ts";
import type { Store } from "../state/store.ts";

/** What the routes work with. */
export interface Context {
  readonly runtime: Runtime;
  readonly store: Store;
  readonly agent: Agent;
  readonly journal: Journal;
  readonly node: NodeFacts;
  readonly sessions: SessionKeeper;
  readonly userEvents: UserEvents;
  /** True where checks may run programs. */
  readonly runsScripts: boolean;
  readonly healthTexts: HealthTexts;
  /** Blocking queries that may wait at the same time. */
  readonly maxWatchers: number;
  /** True once the registry closes: nobody may wait any more. */
  isClosing: boolean;
}
