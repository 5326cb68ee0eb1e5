import { parseUint } from "../go/numbers.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import { foldKeys, renderEntries } from "../render/kv.ts";
import { json } from "./answers.ts";
import { answerRead } from "./blocking-query.ts";
import type { Context } from "./context.ts";
import { durably } from "./durable.ts";
import { Rejection, type Answer, type Ask, type Route } from "./exchange.ts";
import { KvDraft } from "../state/kv-draft.ts";
import { isAt, lockKey, putKey, unlockKey, type Put } from "./kv-writes.ts";
import { idProblem } from "./session-id.ts";

const notFound: Answer = Object.freeze({ status: 404 });
const rawHeaders = Object.freeze({
  "Content-Type": "text/plain",
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "sandbox",
});

/** The largest value, and so the largest body. */
const largestValue = 524_288;

/** Keys and values. */
export function kvRoutes(context: Context): Route[] {
  const { store, sessions } = context;
  const { keyValues } = store;

  return [{ path: "/v1/kv/*", bodyLimit: largestValue, handlers: { GET: get, PUT: put, DELETE: remove } }];

  function get(ask: Ask): Answer | Promise<Answer> {
    const { rest: key, query } = ask;
    const isTree = query.has("recurse") || query.has("keys");
    if (key === "" && !isTree) throw new Rejection(400, "Missing key name");
    return answerRead(context, ask, {
      topics: [],
      keyPrefix: key,
      hidesConsistency: true,
      index: () => (isTree ? keyValues.indexOfPrefix(key) : keyValues.indexOfKey(key)),
      answer: () => {
        if (query.has("keys")) return listKeys(key, query);
        const found = query.has("recurse")
          ? keyValues.under(key)
          : [keyValues.get(key)].filter((entry) => entry !== undefined);
        if (found.length === 0) return notFound;
        return query.has("raw") ? raw(found) : json(renderEntries(found));
      },
    });
  }

  function listKeys(prefix: string, query: URLSearchParams): Answer {
    const separator = query.get("separator") || query.get("seperator") || "";
    const keys = foldKeys(keyValues.keysUnder(prefix), prefix, separator);
    // The root may be empty; anything else that is empty is not there.
    return keys.length === 0 && prefix !== "" ? notFound : json(JSON.stringify(keys));
  }

  function put({ rest: key, query, body }: Ask): Answer | Promise<Answer> {
    if (key === "") throw new Rejection(400, "Missing key name");
    refuseConflicts(query, ["cas", "acquire", "release"]);
    const flags = uintOf(query, "flags") ?? 0n;
    const cas = uintOf(query, "cas");
    const wanted = { key, value: body ?? Buffer.alloc(0), flags };
    const [acquire, release] = [query.get("acquire"), query.get("release")];
    if (acquire !== null) checkSession(acquire);
    return durably(context, () => {
      const draft = new KvDraft(store);
      const isDone = write(draft, wanted, { cas, acquire, release });
      if (isDone) draft.commit();
      return json(String(isDone));
    });
  }

  function write(draft: KvDraft, wanted: Put, { cas, acquire, release }: Conditions): boolean {
    if (acquire !== null) {
      if (sessions.isDelayed(wanted.key)) return false;
      return lockKey(draft, wanted, acquire) !== undefined;
    }
    if (release !== null) return unlockKey(draft, wanted, release) !== undefined;
    if (cas !== undefined && !isAt(draft.get(wanted.key), cas)) return false;
    putKey(draft, wanted);
    return true;
  }

  function checkSession(id: string): void {
    const problem = id === "" ? "missing session" : idProblem(id);
    if (problem !== undefined) throw new Rejection(500, problem);
    if (!store.sessions.byId.has(id)) throw new Rejection(500, `invalid session ${JSON.stringify(id)}`);
  }

  function remove({ rest: key, query }: Ask): Answer | Promise<Answer> {
    if (key === "" && !query.has("recurse")) throw new Rejection(400, "Missing key name");
    refuseConflicts(query, ["recurse", "cas"]);
    const cas = uintOf(query, "cas");
    return durably(context, () => {
      const draft = new KvDraft(store);
      const before = draft.get(key);
      if (query.has("recurse")) draft.removeTree(key);
      else if (before !== undefined && cas !== undefined && !isAt(before, cas)) return json("false");
      else draft.remove(key);
      draft.commit();
      return json("true");
    });
  }
}

interface Conditions {
  readonly cas: bigint | undefined;
  readonly acquire: string | null;
  readonly release: string | null;
}

/** The bytes of the value, kept from running as anything else in a browser. Of several values, the first. */
function raw(entries: readonly KvEntry[]): Answer {
  return { status: 200, headers: rawHeaders, body: (entries[0] as KvEntry).value };
}

function refuseConflicts(query: URLSearchParams, names: readonly string[]): void {
  if (names.filter((name) => query.has(name)).length < 2) return;
  const all = new URLSearchParams(query);
  all.sort();
  throw new Rejection(400, `Conflicting flags: ${all.toString()}`);
}

function uintOf(query: URLSearchParams, name: string): bigint | undefined {
  const given = query.get(name);
  if (given === null) return undefined;
  const value = parseUint(given);
  if (value === undefined)
    throw new Rejection(500, `strconv.ParseUint: parsing ${JSON.stringify(given)}: invalid syntax`);
  return value;
}
