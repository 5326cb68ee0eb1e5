import { type Endpoint, Slot } from "@enmesh/core";
import { type Dispatcher, Pool } from "undici";

export interface PoolOptions {
  /** How long a new connection may take. @default 1_000 */
  readonly connectTimeoutMs: number;
  /** Connections to one endpoint at most. @default 256 */
  readonly maxConnections: number;
}

/** One undici pool per endpoint, made on first use. */
export class Pools {
  readonly #options: PoolOptions;
  readonly #slot = new Slot<Pool>();
  readonly #open = new Set<Pool>();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** The pool of this endpoint. */
  of(endpoint: Endpoint): Dispatcher {
    return this.#slot.get(endpoint) ?? this.#openFor(endpoint);
  }

  /** The endpoint is gone: what runs may end, then its connections close. */
  forget(endpoint: Endpoint): void {
    const pool = this.#slot.get(endpoint);
    if (pool === undefined) return;
    this.#slot.set(endpoint, undefined);
    void pool
      .close()
      .catch(ignore)
      .finally(() => this.#open.delete(pool));
  }

  /** Ends every connection at once. */
  async destroy(): Promise<void> {
    await Promise.all([...this.#open].map((pool) => pool.destroy().catch(ignore)));
    this.#open.clear();
  }

  #openFor(endpoint: Endpoint): Pool {
    // Our own deadline covers headers and body, so that undici needs no timers of its own.
    const pool = new Pool(endpoint.origin, {
      connections: this.#options.maxConnections,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: this.#options.connectTimeoutMs },
    });
    this.#slot.set(endpoint, pool);
    this.#open.add(pool);
    return pool;
  }
}

const ignore = (): void => {};
