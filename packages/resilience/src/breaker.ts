import { formatDuration, type Refusal, refuse, type Runtime } from "@enmesh/core";

import { OpossumWindow } from "./opossum-window.ts";

export interface BreakerSettings {
  readonly failureRatio: number;
  readonly minimumCalls: number;
  readonly windowMs: number;
  readonly openMs: number;
  readonly maxOpenMs: number;
  readonly trials: number;
}

type State = "closed" | "open" | "halfOpen";

/** One destination's breaker. The state is ours, on the injected clock; the window and its verdict are opossum's. */
export class Breaker {
  /** Grows with every change of state: what began in another state has no say in this one. */
  epoch = 0;
  readonly refusal: Refusal;
  readonly #name: string;
  readonly #settings: BreakerSettings;
  readonly #runtime: Runtime;
  readonly #window: OpossumWindow;
  #state: State = "closed";
  /** Open: when trial calls are let through. Half-open: when those under way are written off, counted from the last one. */
  #until = 0;
  #timesOpened = 0;
  #trialsStarted = 0;
  #trialsEnded = 0;
  #trialsFailed = 0;

  constructor(name: string, settings: BreakerSettings, runtime: Runtime) {
    this.#name = name;
    this.#settings = settings;
    this.#runtime = runtime;
    this.#window = new OpossumWindow({ name, ...settings }, runtime.clock.now());
    this.refusal = this.#refusal();
  }

  /** True when a call may pass now. Half-open, it takes one of the places for trial calls. */
  lets(): boolean {
    if (this.#state === "closed") return true;
    if (!this.#hasRoomForTrial() && this.#runtime.clock.now() >= this.#until) this.#halfOpen();
    if (!this.#hasRoomForTrial()) return false;
    this.#trialsStarted += 1;
    this.#until = this.#runtime.clock.now() + this.#settings.openMs;
    return true;
  }

  /** Counts a call that was let through in this epoch; undefined when it says nothing about the destination. */
  count(verdict: "success" | Error | undefined, at: number): void {
    if (this.#state === "halfOpen") return this.#endTrial(verdict);
    if (verdict === undefined) return;
    const tally = this.#window.count(at, verdict === "success" ? undefined : verdict);
    if (tally !== undefined) this.#open(tally.failures, tally.calls);
  }

  #hasRoomForTrial(): boolean {
    return this.#state === "halfOpen" && this.#trialsStarted < this.#settings.trials;
  }

  #endTrial(verdict: "success" | Error | undefined): void {
    const { trials } = this.#settings;
    // A trial that says nothing gives its place back, so that the breaker cannot get stuck.
    if (verdict === undefined) {
      this.#trialsStarted -= 1;
      return;
    }
    this.#trialsEnded += 1;
    if (verdict !== "success") this.#trialsFailed += 1;
    if (this.#trialsFailed * 3 > trials) this.#open(this.#trialsFailed, this.#trialsEnded);
    else if (this.#trialsEnded >= trials) this.#close();
  }

  #open(failures: number, calls: number): void {
    const { openMs, maxOpenMs } = this.#settings;
    const forMs = Math.min(maxOpenMs, openMs * 2 ** this.#timesOpened) * (0.9 + 0.2 * this.#runtime.random());
    this.#timesOpened += 1;
    this.#change("open", forMs);
    this.#runtime.events.report({ type: "breaker.opened", destination: this.#name, forMs, failures, calls });
  }

  #halfOpen(): void {
    this.#change("halfOpen", this.#settings.openMs);
    this.#runtime.events.report({ type: "breaker.half_open", destination: this.#name });
  }

  #close(): void {
    this.#timesOpened = 0;
    this.#change("closed", 0);
    this.#runtime.events.report({ type: "breaker.closed", destination: this.#name });
  }

  #change(state: State, forMs: number): void {
    this.#state = state;
    this.#until = this.#runtime.clock.now() + forMs;
    this.epoch += 1;
    this.#trialsStarted = this.#trialsEnded = this.#trialsFailed = 0;
  }

  #remainingMs(): number {
    return Math.max(0, this.#until - this.#runtime.clock.now());
  }

  /** One object for all refusals: what it says is worked out when somebody reads it. */
  #refusal(): Refusal {
    const message = (): string => {
      const how = this.#state === "open" ? `for ${formatDuration(this.#remainingMs())}` : "but for a few trial calls";
      return `calls to "${this.#name}" are stopped ${how}: most of them failed; look at that service`;
    };
    const remainingMs = (): number => this.#remainingMs();
    return Object.defineProperty(refuse("ENMESH_CIRCUIT_OPEN", message), "retryAfterMs", { get: remainingMs });
  }
}
