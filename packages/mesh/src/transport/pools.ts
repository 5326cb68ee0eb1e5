import { AsyncLocalStorage } from "node:async_hooks";
import { type Endpoint, Slot } from "@enmesh/core";
import { buildConnector, type Dispatcher, Pool } from "undici";

export interface PoolOptions {
  /** How long a new connection may take. @default 1_000 */
  readonly connectTimeoutMs: number;
  /** Connections to one endpoint at most. @default 256 */
  readonly maxConnections: number;
}

/**
 * One undici pool per endpoint, made on first use. Connections are opened outside of every request's async context: what happens on a
 * connection runs in the context that opened it, and the request that came first must not be kept, or taken for all that follow.
 */
export class Pools {
  readonly #options: PoolOptions;
  readonly #slot = new Slot<Pool>("place");
  readonly #open = new Set<Pool>();
  readonly #connect: buildConnector.connector;

  constructor(options: PoolOptions) {
    this.#options = options;
    const outside = AsyncLocalStorage.snapshot();
    const connect = buildConnector({ timeout: options.connectTimeoutMs, allowH2: false });
    this.#connect = (to, connected) => outside(connect, to, connected);
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
      connect: this.#connect,
    });
    this.#slot.set(endpoint, pool);
    this.#open.add(pool);
    return pool;
  }
}

const ignore = (): void => {};
