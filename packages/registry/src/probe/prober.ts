import { type Runtime, TimerNode } from "@enmesh/core";

import type { LoopWatch } from "../agent/loop-watch.ts";
import type { Check, CheckStatus } from "../model/check.ts";
import type { Commit } from "../model/change.ts";
import type { Probe } from "../model/probe.ts";
import type { Store } from "../state/store.ts";
import { aliasResult } from "./alias.ts";
import type { ProbeResult } from "./result.ts";
import { runProbe } from "./run-probe.ts";
import { Thresholds } from "./thresholds.ts";

export interface ProberOptions {
  readonly runtime: Runtime;
  readonly store: Store;
  readonly loopWatch: LoopWatch;
  /** Told what a check says now. */
  readonly report: (check: Check, status: CheckStatus, output: string) => void;
  /** @default looks over the network */
  readonly run?: (probe: Probe, signal: AbortSignal) => Promise<ProbeResult>;
}

/** One check that is looked at again and again. */
class Watch extends TimerNode {
  readonly id: string;
  readonly probe: Probe;
  readonly thresholds: Thresholds = new Thresholds();
  readonly #look: (watch: Watch) => void;
  abort: AbortController | undefined;

  constructor(id: string, probe: Probe, look: (watch: Watch) => void) {
    super();
    this.id = id;
    this.probe = probe;
    this.#look = look;
  }

  due(): void {
    if (this.abort !== undefined) this.abort.abort();
    else this.#look(this);
  }
}

/** Carries out the checks that nobody beats: asks services, over the network, how they are. */
export class Prober {
  readonly #options: ProberOptions;
  readonly #watches = new Map<string, Watch>();
  readonly #aliases = new Map<string, Probe>();

  constructor(options: ProberOptions) {
    this.#options = options;
    options.store.observe((commit) => this.#follow(commit));
  }

  /** Begins to look at a check, or goes on when it is looked at in this way already. */
  attend(check: Check): void {
    const { probe, id } = check;
    if (probe === undefined) return this.neglect(id);
    if (probe.kind === "alias") {
      this.#aliases.set(id, probe);
      return this.#updateAlias(id, probe);
    }
    if (JSON.stringify(this.#watches.get(id)?.probe) === JSON.stringify(probe)) return;
    this.neglect(id);
    const watch = new Watch(id, probe, (due) => void this.#look(due));
    this.#watches.set(id, watch);
    // Somewhere in the first interval, so that a thousand checks registered together do not strike together.
    this.#options.runtime.timers.schedule(watch, this.#options.runtime.random() * probe.intervalMs);
  }

  neglect(id: string): void {
    this.#aliases.delete(id);
    const watch = this.#watches.get(id);
    if (watch === undefined) return;
    this.#watches.delete(id);
    this.#options.runtime.timers.cancel(watch);
    watch.abort?.abort();
  }

  stop(): void {
    for (const id of Array.from(this.#watches.keys())) this.neglect(id);
    this.#aliases.clear();
  }

  async #look(watch: Watch): Promise<void> {
    const { runtime, loopWatch, store, report, run = runProbe } = this.#options;
    const { probe } = watch;
    const lostBefore = loopWatch.lostMs(runtime.clock.now());
    watch.abort = new AbortController();
    // Until it ends, the timer is the time-out.
    runtime.timers.schedule(watch, probe.timeoutMs);
    const { status, output } = await run(probe, watch.abort.signal);
    watch.abort = undefined;
    const check = store.catalog.checks.get(watch.id);
    if (this.#watches.get(watch.id) !== watch || check === undefined) return;
    runtime.timers.schedule(watch, probe.intervalMs);

    // While our own loop stood still, nobody could answer us: that is not theirs to answer for.
    const isOurFault = status === "critical" && loopWatch.lostMs(runtime.clock.now()) > lostBefore;
    if (isOurFault) return;
    const next = watch.thresholds.statusAfter(status, probe);
    if (next !== undefined) report(check, next, output);
  }

  #follow({ changes }: Commit): void {
    if (this.#aliases.size === 0) return;
    if (!changes.some(({ op }) => op === "check" || op === "status" || op.endsWith("-gone"))) return;
    for (const [id, probe] of Array.from(this.#aliases)) this.#updateAlias(id, probe);
  }

  #updateAlias(id: string, probe: Probe): void {
    const { store, report } = this.#options;
    const check = store.catalog.checks.get(id);
    if (check === undefined) return;
    const { status, output } = aliasResult(store.catalog, probe.target);
    if (check.status !== status || check.output !== output) report(check, status, output);
  }
}
