import { redacted } from "./deny-list.ts";

const secretParameter =
  /([?&;](?:[\w.-]{0,64}(?:token|secret|password|passwd|passphrase|signature|api[-_]?key|access[-_]?key)|sig|jwt|code|session[-_]?id)=)[^&#;\s"\\<>]*/gi;
const bearer = /\b(Bearer|Basic)\s+[\w.~+/=-]{4,}/gi;
const credentials = /(:\/\/)[^\s/:@"\\]*:[^\s/@"\\]*@/g;

/** Takes secrets out of a finished log line, wherever they stand: query parameters, user names in URLs, bearer tokens; in message, field or stack. */
export function redactUrls(line: string): string {
  let clean = line;
  if (clean.includes("=")) clean = clean.replace(secretParameter, `$1${redacted}`);
  if (clean.includes("@")) clean = clean.replace(credentials, `$1${redacted}@`);
  if (clean.includes("earer ") || clean.includes("asic ")) clean = clean.replace(bearer, `$1 ${redacted}`);
  return clean;
}
