/**
 * The value of a query parameter as it stands in the path, not decoded, the first when there are several; empty for `?key`; undefined when it
 * is not there.
 */
export function queryValue(path: string, pathEnd: number, name: string): string | undefined {
  let at = pathEnd + 1;
  while (at < path.length) {
    const ampersand = path.indexOf("&", at);
    const end = ampersand === -1 ? path.length : ampersand;
    if (path.startsWith(name, at)) {
      const after = at + name.length;
      if (after === end) return "";
      if (after < end && path[after] === "=") return path.slice(after + 1, end);
    }
    at = end + 1;
  }
  return undefined;
}
