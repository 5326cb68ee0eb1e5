import { anything, list, struct, text, type Decoder } from "../go/decode.ts";
import { DecodeError } from "../go/decode-error.ts";
import { longNumbers, parseJson } from "../go/json.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import { renderEntry } from "../render/kv.ts";
import { KvDraft } from "../state/kv-draft.ts";
import { json } from "./answers.ts";
import type { Context } from "./context.ts";
import { durably } from "./durable.ts";
import { Rejection, type Answer, type Route } from "./exchange.ts";
import { isWrite, runVerb, type KvOperation } from "./txn-verbs.ts";

const mostOperations = 128;
const largestValue = 524_288;

/** 64-bit numbers arrive as JSON numbers, which JavaScript cannot all hold: indexes fit, flags need their text. */
const uint: Decoder<bigint> = (value, at) => {
  if (value === null || value === undefined) return 0n;
  if (typeof value === "bigint") return value;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw new DecodeError(`json: cannot unmarshal ${typeof value} into Go struct field ${at} of type uint64`);
  return BigInt(value);
};

const bytes: Decoder<Buffer> = (value, at) => {
  const encoded = text(value, at);
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(encoded)) throw new DecodeError("illegal base64 data at input byte 0");
  return Buffer.from(encoded, "base64");
};

const operation = struct<
  { readonly KV: KvOperation | undefined } & Readonly<Record<"Node" | "Service" | "Check" | "Session", unknown>>
>({
  KV: (value, at) => (value === null || value === undefined ? undefined : kvOperation(value, at)),
  Node: anything,
  Service: anything,
  Check: anything,
  Session: anything,
});

const kvOperation = struct<KvOperation & Readonly<Record<"Namespace" | "Partition", string>>>({
  Verb: text,
  Key: text,
  Value: bytes,
  Flags: uint,
  Index: uint,
  Session: text,
  Namespace: text,
  Partition: text,
});

/** Transactions: many operations on keys, all of them or none. */
export function txnRoutes(context: Context): Route[] {
  return [
    {
      path: "/v1/txn",
      handlers: {
        PUT: ({ body }) => {
          const operations = read(body);
          return durably(context, () => execute(context, operations));
        },
      },
    },
  ];
}

function read(body: Buffer | undefined): KvOperation[] {
  const operations = decode(body);
  if (operations.length > mostOperations) {
    throw new Rejection(413, `Transaction contains too many operations (${operations.length} > ${mostOperations})`);
  }
  return operations.flatMap(({ KV, Node, Service, Check, Session }) => {
    const [unserved] = Object.entries({ Node, Service, Check, Session }).find(([, given]) => given !== undefined) ?? [];
    if (unserved !== undefined) {
      throw new Rejection(400, `This registry's transactions change keys only, not ${unserved}`);
    }
    if (KV === undefined) return [];
    if (KV.Value.length > largestValue) {
      throw new Rejection(
        413,
        `Value for key ${JSON.stringify(KV.Key)} is too large (${KV.Value.length} > ${largestValue} bytes)`,
      );
    }
    return [KV];
  });
}

function decode(body: Buffer | undefined) {
  try {
    return list(operation, "api.TxnOp")(parseJson(body, longNumbers), "");
  } catch (error) {
    if (error instanceof DecodeError) throw new Rejection(400, `Failed to parse body: ${error.message}`);
    throw error;
  }
}

function execute({ store, sessions }: Context, operations: readonly KvOperation[]): Answer {
  const draft = new KvDraft(store);
  const isRead = !operations.some(({ Verb }) => isWrite(Verb));
  const answer = (status: number, fields: string): Answer => {
    const { headers } = json("");
    const body = `{${fields}${isRead ? readMeta : ""}}`;
    return { status, headers: isRead ? { ...headers, ...readHeaders } : { ...headers }, body };
  };
  const results: string[] = [];
  const errors: { readonly OpIndex: number; readonly What: string }[] = [];
  for (const [OpIndex, each] of operations.entries()) {
    const outcome = runVerb(draft, each, {
      hasSession: (id) => store.sessions.byId.has(id),
      isDelayed: (key) => sessions.isDelayed(key),
    });
    if (typeof outcome === "string") errors.push({ OpIndex, What: outcome });
    else results.push(...outcome.entries.map((entry) => shown(entry, outcome.showsValues)));
  }
  if (errors.length > 0) {
    return answer(409, `"Results":null,"Errors":${JSON.stringify(errors)}`);
  }
  draft.commit();
  return answer(200, `"Results":[${results.join(",")}],"Errors":null`);
}

/** What Consul adds where nothing was to be written. */
const readMeta = ',"Index":0,"LastContact":0,"KnownLeader":true,"ConsistencyLevel":""';
const readHeaders = Object.freeze({ "X-Consul-KnownLeader": "true", "X-Consul-LastContact": "0" });

function shown(entry: KvEntry, showsValue: boolean): string {
  return `{"KV":${renderEntry(entry, showsValue)}}`;
}
