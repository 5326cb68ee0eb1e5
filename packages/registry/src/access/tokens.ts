import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";

import type { Problem } from "@enmesh/core";

import type { Caller, Rights } from "./rights.ts";

/** A token, by what it is called and what it opens. */
export interface TokenGrant {
  /** Shown in refusals and events instead of the token. */
  readonly name: string;
  /** The secret itself; or say where it stands with `tokenFile`. */
  readonly token?: string;
  /** A file that holds the secret and nothing else. */
  readonly tokenFile?: string;
  /** `"read"`, `"admin"`, or the services that may be registered with it, which includes reading. */
  readonly rights: Rights;
}

/** A token with its secret at hand. */
export interface Grant extends Caller {
  readonly token: string;
}

/** Finds who presents a secret; undefined when nobody has it. */
export type FindCaller = (secret: string) => Caller | undefined;

/** Compares with every token, each in the same time, whether an earlier one matched or not. */
export function makeFindCaller(grants: readonly Grant[]): FindCaller {
  const known = grants.map(({ name, rights, token }) => ({ caller: { name, rights }, expected: digest(token) }));
  return (secret) => {
    const given = digest(secret);
    let found: Caller | undefined;
    for (const { caller, expected } of known) if (timingSafeEqual(given, expected)) found = caller;
    return found;
  };
}

/** Reads the tokens that a JSON file lists: an array of the same entries as the option `tokens`. */
export function readTokenList(file: string, problems: Problem[]): readonly TokenGrant[] {
  try {
    const list: unknown = JSON.parse(readFileSync(file, "utf8"));
    // An empty list would ask nobody for a token: whoever names a file wants one to be asked for.
    if (Array.isArray(list) && list.length > 0) return list as TokenGrant[];
    problems.push({
      path: "tokensFile",
      message: `${file} must hold an array of { name, token, rights }, at least one`,
    });
  } catch (error) {
    problems.push({ path: "tokensFile", message: `cannot be read: ${withoutContent(error as Error)}` });
  }
  return [];
}

/** Checks tokens and fetches the secrets that stand in files. What is wrong is added to `problems`, and no secret ever is. */
export function readGrants(tokens: readonly TokenGrant[], problems: Problem[]): Grant[] {
  const grants: Grant[] = [];
  const secrets = new Set<string>();
  for (const entry of tokens) {
    const given: Partial<TokenGrant> = typeof entry === "object" && entry !== null ? entry : {};
    const { name = "", rights } = given;
    const say = (message: string): void => void problems.push({ path: `tokens (${JSON.stringify(name)})`, message });
    const token = secretOf(given, say);
    if (typeof name !== "string" || name === "") say('needs a "name" to be known by');
    else if (!areRights(rights)) say('"rights" must be "read", "admin" or { "write": ["a-service", …] }');
    else if (token !== undefined && secrets.has(token)) say("has the secret of another token");
    else if (token !== undefined) {
      secrets.add(token);
      grants.push({ name, rights, token });
    }
  }
  return grants;
}

function secretOf({ token, tokenFile }: Partial<TokenGrant>, say: (message: string) => void): string | undefined {
  if ((token === undefined) === (tokenFile === undefined)) return void say('needs either "token" or "tokenFile"');
  try {
    const secret = tokenFile === undefined ? token : readFileSync(tokenFile, "utf8").trim();
    if (typeof secret === "string" && secret.trim() !== "") return secret;
    say("its secret must not be blank");
  } catch (error) {
    say(`its tokenFile cannot be read: ${withoutContent(error as Error)}`);
  }
  return undefined;
}

function areRights(rights: unknown): rights is Rights {
  if (rights === "read" || rights === "admin") return true;
  const write = (rights as { write?: unknown } | null | undefined)?.write;
  return Array.isArray(write) && write.length > 0 && write.every((name) => typeof name === "string" && name !== "");
}

/** Node quotes the text that it cannot parse, and that text is full of secrets. */
function withoutContent(error: NodeJS.ErrnoException): string {
  return error.code === undefined ? "it is not JSON" : error.message;
}

/** Equal lengths, so that comparing takes equal time. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
