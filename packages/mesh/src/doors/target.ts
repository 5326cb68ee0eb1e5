import { MeshError } from "@enmesh/core";

/** Where a URL leads: the authority and the path with its query, as the WHATWG parser would write them. */
export interface Target {
  readonly protocol: "http:" | "https:";
  /** Host and port in lower case; a port that goes without saying is left out. */
  readonly authority: string;
  readonly path: string;
}

/**
 * A URL that the WHATWG parser would leave as it is: labels that begin with a letter (so no address, and nothing in Punycode), no dot
 * segments, nothing that is escaped on the way. Groups: scheme, host, port, path with query. Linear.
 */
const usual =
  /^(https?):\/\/((?:(?!xn--)[a-z][\w-]*\.)*(?!xn--)[a-z][\w-]*)(?::([1-9]\d{0,4}))?((?:\/(?!\.|%2e)[\w\-.~!$&'()*+,;=:@%]*)+(?:\?[\w\-.~!$&()*+,;=:@%/?]+)?)?$/i;
const control = /[\0-\x1f\x7f]/;

/**
 * Reads a URL. The usual form costs one regular expression; what is unusual goes through the WHATWG parser.
 *
 * @throws MeshError `ENMESH_BAD_REQUEST` when it is no http(s) URL, carries a user name, or holds a control character
 */
export function targetOf(url: string | URL): Target {
  const found = typeof url === "string" ? usual.exec(url) : null;
  if (found === null) return parsed(url);
  const [, scheme, host, port, path = "/"] = found as unknown as [string, string, string, string?, string?];
  const protocol = scheme.length === 5 ? "https:" : "http:";
  if (port === undefined) return { protocol, authority: host.toLowerCase(), path };
  if (port === "80" || port === "443" || Number(port) > 65_535) return parsed(url);
  return { protocol, authority: `${host.toLowerCase()}:${port}`, path };
}

function parsed(given: string | URL): Target {
  const text = String(given);
  // The parser would drop line breaks without a word; whoever sends them hopes for exactly that.
  const url = control.test(text) ? null : URL.parse(text);
  if (url === null) {
    const shown = JSON.stringify(text.slice(0, 200));
    throw badRequest(`${shown} is not a URL; write it with its service name as host: "http://orders/list"`);
  }
  const { protocol, username, password, host, pathname, search } = url;
  if (protocol !== "http:" && protocol !== "https:") {
    throw badRequest(`${protocol}// cannot be called; http:// and https:// can`);
  }
  if (username !== "" || password !== "") {
    throw badRequest("a URL must not carry a user name or password; send an authorization header");
  }
  return { protocol, authority: host, path: pathname + search };
}

function badRequest(message: string): MeshError {
  return new MeshError("ENMESH_BAD_REQUEST", message);
}
