import { codes } from "../diagnostics/codes.ts";
import { serviceNameOf } from "../names/service-name.ts";
import type { Reader } from "../schema/cursor.ts";
import { word } from "../schema/scalars.ts";

const hostName = /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/i;

/** The host of a rule: a service, `*.suffix` or `*`. As written, checked for being one. */
export const ruleHost: Reader<string> = (cursor) => {
  const host = word(cursor);
  if (host === undefined || host === "*") return host;
  const name = host.startsWith("*.") ? host.slice(2) : host;
  if (name.length <= 253 && hostName.test(name)) return host;
  const allowed = 'must be a host name, "*.suffix" or "*"; a wildcard stands at the very left, alone in its label';
  return void cursor.report("error", codes.wrongValue, `${allowed}; got ${cursor.shown()}`);
};

/** The host that calls go to: one service, read as its short name. */
export const destinationHost: Reader<string> = (cursor) => {
  const host = ruleHost(cursor);
  if (host === undefined) return undefined;
  if (!host.startsWith("*")) return serviceNameOf(host);
  return void cursor.report("error", codes.wrongValue, `a call goes to one service; ${cursor.shown()} means many`);
};
