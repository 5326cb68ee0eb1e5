import { gzip } from "node:zlib";

/** What is smaller fits into one packet anyway. Consul's own limit. */
const worthBytes = 1_400;

/** The same text goes to many watchers: it is compressed once. */
const kept = new WeakMap<Buffer, Promise<Buffer | undefined>>();

/** The body in gzip, where the client takes it and it is worth it. Off the event loop, for large answers take a while. */
export function compress(body: string | Buffer, accepted: string | undefined): Promise<Buffer | undefined> | undefined {
  if (accepted === undefined || Buffer.byteLength(body) < worthBytes || !takesGzip(accepted)) return undefined;
  if (typeof body === "string") return squeeze(body);
  let squeezed = kept.get(body);
  if (squeezed === undefined) kept.set(body, (squeezed = squeeze(body)));
  return squeezed;
}

/** Undefined when it fails: then the body goes as it is. */
function squeeze(body: string | Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    gzip(body, { level: 1 }, (error, result) => resolve(error === null ? result : undefined));
  });
}

function takesGzip(accepted: string): boolean {
  return accepted.split(",").some((each) => {
    const [name = "", ...parameters] = each.split(";").map((part) => part.trim().toLowerCase());
    return (name === "gzip" || name === "*") && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}
