/** Names whose values never reach a log line: whole names, in lower case and without `-` and `_`. */
const deniedNames: readonly string[] = [
  "authorization",
  "proxyauthorization",
  "cookie",
  "setcookie",
  "apikey",
  "xapikey",
  "rawheaders",
  "sig",
  "signature",
  "passwd",
  "pwd",
  "credential",
  "credentials",
  "privatekey",
  "sessionid",
  "jwt",
];

/** Names that end like this are denied too: `accessToken`, `client_secret`, `db-password`. */
const deniedEndings: readonly string[] = [
  "token",
  "secret",
  "password",
  "passphrase",
  "apikey",
  "accesskey",
  "signature",
];

/** What stands in a log line in place of a secret. */
export const redacted = "[redacted]";

/** Remembered answers at most; names come from users, so they need a bound. */
const memoryLimit = 2_000;

/** Says whether a field of this name is a secret. Case, `-` and `_` make no difference. */
export type IsSecret = (name: string) => boolean;

/** The default deny list, with `more` names added. */
export function denyList(more: readonly string[] = []): IsSecret {
  const names = new Set([...deniedNames, ...more.map(plain)]);
  const known = new Map<string, boolean>();

  function decide(name: string): boolean {
    const word = plain(name);
    return names.has(word) || deniedEndings.some((ending) => word.endsWith(ending));
  }

  return (name) => {
    const answer = known.get(name);
    if (answer !== undefined) return answer;
    const decided = decide(name);
    if (known.size < memoryLimit) known.set(name, decided);
    return decided;
  };
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.\s]/g, "");
}
