import { stringify } from "node:querystring";
import { MeshError } from "@enmesh/core";
import { Dispatcher, Dispatcher1Wrapper } from "undici";
import type { RequestBody } from "../transport/http-exchange.ts";
import { flatten, type GivenHeaders } from "../transport/request-headers.ts";
import type { Sender } from "./sender.ts";
import { type Target, targetOf } from "./target.ts";

/** undici has it, its types do not. */
const modern = Dispatcher1Wrapper as unknown as { wrapHandler(handler: object): Dispatcher.DispatchHandler };

/** Origins come from callers, and a crawler names many: beyond this they are read anew each time. */
const mostTargets = 1_000;

/**
 * The mesh as an undici dispatcher, for every library that takes one. It understands the handlers of undici 8 and the older ones, so
 * that the built-in `fetch` of Node 22, 24 and 26 can use it.
 */
export class MeshDispatcher extends Dispatcher {
  // No #private fields: undici's compose() puts a Proxy around dispatchers, through which they cannot be read.
  private readonly sender: Sender;
  private readonly ended: () => Promise<void>;
  private readonly targets = new Map<string, Target>();

  constructor(sender: Sender, ended: () => Promise<void>) {
    super();
    this.sender = sender;
    this.ended = ended;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const downstream = modern.wrapHandler(handler);
    try {
      const { protocol, authority } = this.targetAt(originOf(options));
      const { method, headers, body, upgrade, idempotent } = options;
      const request = {
        protocol,
        authority,
        path: pathOf(options),
        method,
        headers: flatten(headers as GivenHeaders),
        body: body as RequestBody,
        upgrade,
        isIdempotent: idempotent,
        timeoutMs: undefined,
      };
      this.sender.send(request, downstream);
    } catch (error) {
      downstream.onResponseError?.(null as never, error as Error);
    }
    return true;
  }

  /** An origin is named again and again: what it means is remembered. */
  private targetAt(origin: string): Target {
    const known = this.targets.get(origin);
    if (known !== undefined) return known;
    const target = targetOf(origin);
    if (this.targets.size < mostTargets) this.targets.set(origin, target);
    return target;
  }

  /** Closes the whole mesh, as `mesh.close()` does. */
  override close(callback?: () => void): Promise<void> & void {
    return done(this.ended(), callback);
  }

  /** Closes the whole mesh, as `mesh.close()` does. */
  override destroy(...rest: unknown[]): Promise<void> & void {
    return done(this.ended(), rest.find((one) => typeof one === "function") as (() => void) | undefined);
  }
}

function originOf({ origin }: Dispatcher.DispatchOptions): string {
  return typeof origin === "string" ? origin : (origin?.origin ?? "");
}

/** The path with its query. Whatever does not begin with a slash would mean another host to a server that takes it for a proxy's request. */
function pathOf({ path, query }: Dispatcher.DispatchOptions): string {
  if (!path.startsWith("/")) {
    throw new MeshError("ENMESH_BAD_REQUEST", `a path begins with "/", got ${JSON.stringify(path.slice(0, 200))}`);
  }
  const more = query === undefined ? "" : stringify(query);
  if (more === "") return path;
  if (path.includes("?")) throw new MeshError("ENMESH_BAD_REQUEST", "give the query in the path or as query, not both");
  return `${path}?${more}`;
}

function done(ended: Promise<void>, callback: (() => void) | undefined): Promise<void> & void {
  return (callback === undefined ? ended : void ended.then(callback)) as Promise<void> & void;
}
