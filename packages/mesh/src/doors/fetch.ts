import { fetch as undiciFetch, type Dispatcher, type RequestInfo, type RequestInit, Response } from "undici";

/** The WHATWG door: `fetch` on our own undici, through the mesh. */
export type MeshFetch = (input: RequestInfo, init?: RequestInit) => Promise<Response>;

/** Makes a `fetch` whose calls go through `dispatcher`. */
export function createFetch(dispatcher: Dispatcher): MeshFetch {
  return (input, init) => undiciFetch(input, { ...init, dispatcher: replaying(dispatcher, init?.body) });
}

/**
 * fetch hands every body on as a stream. Where it was text or bytes, the original is put back, so that a retry can send it again.
 */
function replaying(dispatcher: Dispatcher, body: RequestInit["body"]): Dispatcher {
  const bytes = bytesOf(body);
  if (bytes === undefined) return dispatcher;
  const dispatch: Dispatcher.Dispatch = (options, handler) =>
    dispatcher.dispatch(options.body === null || options.body === undefined ? options : { ...options, body: bytes }, handler);
  return { dispatch } as unknown as Dispatcher;
}

function bytesOf(body: RequestInit["body"]): Uint8Array | string | undefined {
  if (typeof body === "string") return body;
  if (body instanceof URLSearchParams) return body.toString();
  if (body instanceof ArrayBuffer) return new Uint8Array(body.slice(0));
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
  return undefined;
}
