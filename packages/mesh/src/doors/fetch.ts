import {
  type Dispatcher,
  fetch as undiciFetch,
  FormData,
  Request,
  type RequestInfo,
  type RequestInit,
  type Response,
} from "undici";

/** The WHATWG door: `fetch` on our own undici, through the mesh. It takes the `Request` and `FormData` of Node as well. */
export type MeshFetch = (input: RequestInfo | globalThis.Request, init?: RequestInit) => Promise<Response>;

/** Makes a `fetch` whose calls go through `dispatcher`. */
export function createFetch(dispatcher: Dispatcher): MeshFetch {
  return (input, init) => {
    const body = ownForm(init?.body);
    const request = isForeign(input) ? ownRequest(input, init) : input;
    return undiciFetch(request, { ...init, ...(body && { body }), dispatcher: replaying(dispatcher, body) });
  };
}

/**
 * fetch hands every body on as a stream. Where it was text or bytes, the original is put back, so that a retry can send it again.
 */
function replaying(dispatcher: Dispatcher, body: RequestInit["body"]): Dispatcher {
  const bytes = bytesOf(body);
  if (bytes === undefined) return dispatcher;
  const dispatch: Dispatcher.Dispatch = (options, handler) =>
    dispatcher.dispatch(
      options.body === null || options.body === undefined ? options : { ...options, body: bytes },
      handler,
    );
  return { dispatch } as unknown as Dispatcher;
}

function bytesOf(body: RequestInit["body"]): Uint8Array | string | undefined {
  if (typeof body === "string") return body;
  if (body instanceof URLSearchParams) return body.toString();
  if (body instanceof ArrayBuffer) return new Uint8Array(body.slice(0));
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
  return undefined;
}

/** A `Request` of the undici inside of Node, which the npm one takes for text. */
function isForeign(input: RequestInfo | globalThis.Request): input is globalThis.Request {
  return typeof input === "object" && "url" in input && !(input instanceof Request);
}

function ownRequest(foreign: globalThis.Request, init: RequestInit | undefined): Request {
  const { url, method, redirect, signal, body } = foreign;
  const isReplaced = init?.body !== undefined;
  return new Request(url, {
    method,
    headers: [...foreign.headers] as [string, string][],
    redirect,
    signal,
    ...(body !== null && !isReplaced && { body, duplex: "half" as const }),
  });
}

/** A `FormData` of the undici inside of Node, which the npm one would send as the words "[object FormData]". */
function ownForm(body: RequestInit["body"]): RequestInit["body"] {
  if (Object.prototype.toString.call(body) !== "[object FormData]" || body instanceof FormData) return body;
  const form = new FormData();
  for (const [name, value] of body as Iterable<[string, string | File]>) {
    if (typeof value === "string") form.append(name, value);
    else form.append(name, value, value.name);
  }
  return form;
}
