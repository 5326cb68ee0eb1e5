import { Dispatcher, Dispatcher1Wrapper } from "undici";
import type { RequestBody } from "../transport/http-exchange.ts";
import { flatten, type GivenHeaders } from "../transport/request-headers.ts";
import type { Sender } from "./sender.ts";
import { targetOf } from "./target.ts";

/** undici has it, its types do not. */
const modern = Dispatcher1Wrapper as unknown as { wrapHandler(handler: object): Dispatcher.DispatchHandler };

/**
 * The mesh as an undici dispatcher, for every library that takes one. It understands the handlers of undici 8 and the older ones, so
 * that the built-in `fetch` of Node 22, 24 and 26 can use it.
 */
export class MeshDispatcher extends Dispatcher {
  // No #private fields: undici's compose() puts a Proxy around dispatchers, through which they cannot be read.
  private readonly sender: Sender;
  private readonly ended: () => Promise<void>;

  constructor(sender: Sender, ended: () => Promise<void>) {
    super();
    this.sender = sender;
    this.ended = ended;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const downstream = modern.wrapHandler(handler);
    try {
      const { protocol, authority } = targetOf(originOf(options));
      const request = {
        protocol,
        authority,
        path: options.path,
        method: options.method,
        headers: flatten(options.headers as GivenHeaders),
        body: options.body as RequestBody,
        upgrade: options.upgrade,
        isIdempotent: options.idempotent,
      };
      this.sender.send(request, downstream);
    } catch (error) {
      downstream.onResponseError?.(null as never, error as Error);
    }
    return true;
  }

  override close(callback?: () => void): Promise<void> & void {
    return done(this.ended(), callback);
  }

  override destroy(...rest: unknown[]): Promise<void> & void {
    return done(this.ended(), rest.find((one) => typeof one === "function") as (() => void) | undefined);
  }
}

function originOf({ origin }: Dispatcher.DispatchOptions): string {
  return typeof origin === "string" ? origin : (origin?.origin ?? "");
}

function done(ended: Promise<void>, callback: (() => void) | undefined): Promise<void> & void {
  return (callback === undefined ? ended : void ended.then(callback)) as Promise<void> & void;
}
