/** One request, as the routes see it: no framework, no socket. */
export interface Ask {
  readonly method: string;
  /** What the path holds beyond the route, decoded once: a name, an id, a key. */
  readonly rest: string;
  /** The path and the query as they were sent, for whoever splits before it decodes. */
  readonly target: string;
  readonly query: URLSearchParams;
  /** A header by its name in lower case. */
  readonly header: (name: string) => string | undefined;
  readonly body: Buffer | undefined;
  /** Calls back when the client goes away before it has its answer. */
  readonly onGone: (callback: () => void) => void;
}

/** One answer. No body means an empty one without a content type. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export type Handler = (ask: Ask) => Answer | Promise<Answer>;

/** A path and what it answers to, by method. A path that ends in `/*` takes the rest of the path as a name. */
export interface Route {
  readonly path: string;
  readonly handlers: Readonly<Partial<Record<"GET" | "PUT" | "POST" | "DELETE", Handler>>>;
  /** The largest body. @default 1 MiB */
  readonly bodyLimit?: number;
}

/** Says no, with a status and a plain sentence. */
export class Rejection extends Error {
  override readonly name = "Rejection";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
