import { type Runtime, TimerCallback } from "@enmesh/core";

export interface FailoverOptions {
  /** How many addresses there are, the one to prefer first. */
  readonly count: number;
  readonly runtime: Runtime;
  /** Asks the preferred address whether it is back. */
  readonly isBack: () => Promise<boolean>;
}

/** How often the preferred address is asked while another one serves. */
const askEveryMs = 10_000;

/** Chooses among the addresses of one registry: the first that works, and the preferred one again as soon as it is back. */
export class Failover {
  /** The address in use. */
  current = 0;
  /** Grows with every change of address: what was learnt from one says nothing about another. */
  era = 0;
  readonly #options: FailoverOptions;
  readonly #timer = new TimerCallback(() => void this.#look());
  #isClosed = false;

  constructor(options: FailoverOptions) {
    this.#options = options;
  }

  /** The address did not serve: the next one is to. Several who find out at once move only once. */
  failed(address: number): void {
    const { count } = this.#options;
    if (address !== this.current || count === 1 || this.#isClosed) return;
    this.#use((address + 1) % count);
  }

  close(): void {
    this.#isClosed = true;
    this.#options.runtime.timers.cancel(this.#timer);
  }

  #use(address: number): void {
    this.current = address;
    this.era += 1;
    if (address === 0) this.#options.runtime.timers.cancel(this.#timer);
    else this.#lookLater();
  }

  #lookLater(): void {
    const { timers, random } = this.#options.runtime;
    timers.schedule(this.#timer, askEveryMs * (0.75 + random() / 2));
  }

  async #look(): Promise<void> {
    const isBack = await this.#options.isBack().catch(() => false);
    if (this.#isClosed || this.current === 0) return;
    if (isBack) this.#use(0);
    else this.#lookLater();
  }
}
