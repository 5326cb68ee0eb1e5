import { MeshError } from "@enmesh/core";

/** Where a URL leads: the authority as written, and path with query. */
export interface Target {
  readonly protocol: "http:" | "https:";
  /** Host and port as written, in lower case. */
  readonly authority: string;
  readonly path: string;
}

const simple = /^(https?):\/\/([^/?#@\\\s]+)(\/[^#\s]*)?$/;

/**
 * Reads a URL. The usual form costs one regular expression (a linear one); what is unusual goes through the WHATWG parser.
 *
 * @throws MeshError `ENMESH_BAD_REQUEST` when it is no http(s) URL, or carries a user name
 */
export function targetOf(url: string | URL): Target {
  const found = typeof url === "string" ? simple.exec(url) : null;
  if (found !== null) {
    return { protocol: found[1] === "https" ? "https:" : "http:", authority: (found[2] as string).toLowerCase(), path: found[3] ?? "/" };
  }
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch (cause) {
    throw new MeshError("ENMESH_BAD_REQUEST", `${JSON.stringify(String(url).slice(0, 200))} is not a URL; write it with its service name as host: "http://orders/list"`, { cause });
  }
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") {
    throw new MeshError("ENMESH_BAD_REQUEST", `${parsed.protocol}// cannot be called; http:// and https:// can`);
  }
  if (parsed.username !== "" || parsed.password !== "") {
    throw new MeshError("ENMESH_BAD_REQUEST", "a URL must not carry a user name or password; send an authorization header");
  }
  return { protocol: parsed.protocol, authority: parsed.host, path: parsed.pathname + parsed.search };
}
