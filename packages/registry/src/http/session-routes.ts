import { list, struct, text, type Decoder, type Fields } from "../go/decode.ts";
import { DecodeError } from "../go/decode-error.ts";
import { goDuration } from "../go/duration.ts";
import type { SessionDefinition } from "../agent/session-keeper.ts";
import type { ServiceCheck, Session } from "../model/session.ts";
import { topics } from "../state/topics.ts";
import { json } from "./answers.ts";
import { answerRead } from "./blocking-query.ts";
import { decodeBody } from "./body.ts";
import type { Context } from "./context.ts";
import { durably } from "./durable.ts";
import { Rejection, type Answer, type Ask, type Route } from "./exchange.ts";
import { idProblem } from "./session-id.ts";

interface SessionSpec {
  readonly Name: string;
  readonly Node: string;
  readonly NodeChecks: readonly string[] | undefined;
  readonly Checks: readonly string[] | undefined;
  readonly ServiceChecks: readonly ServiceCheck[] | undefined;
  /** Milliseconds; undefined when none was given. */
  readonly LockDelay: number | undefined;
  readonly Behavior: string;
  readonly TTL: string;
}

const names = orNone(list(text, "string"));
const fields: Fields<SessionSpec> = {
  Name: text,
  Node: text,
  NodeChecks: names,
  Checks: names,
  ServiceChecks: orNone(list(struct<ServiceCheck>({ ID: text, Namespace: text }), "structs.ServiceCheck")),
  LockDelay: lockDelay,
  Behavior: text,
  TTL: text,
};
const strictSpec = struct<SessionSpec>(fields);
const known = new Set(Object.keys(fields).map((name) => name.toLowerCase()));

/** Unlike elsewhere, Consul takes unknown fields here, and says nothing. */
const sessionSpec: Decoder<SessionSpec> = (value, at) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return strictSpec(value, at);
  return strictSpec(Object.fromEntries(Object.entries(value).filter(([name]) => known.has(name.toLowerCase()))), at);
};

const [shortestTtlMs, longestTtlMs] = [10_000, 86_400_000];
const defaultLockDelayMs = 15_000;

/** Sessions: who may hold locks. */
export function sessionRoutes(context: Context): Route[] {
  const { sessions, store, node } = context;

  return [
    {
      path: "/v1/session/create",
      handlers: {
        PUT: ({ body }) =>
          durably(context, () => {
            const definition = readDefinition(body);
            const problem = sessions.problemOf(definition);
            if (problem !== undefined) throw new Rejection(500, problem);
            return json(JSON.stringify({ ID: sessions.create(definition).id }));
          }),
      },
    },
    {
      path: "/v1/session/destroy/*",
      handlers: {
        PUT: ({ rest: id }) => {
          if (id === "") throw new Rejection(400, "Missing session");
          return durably(context, () => {
            sessions.destroy(id);
            return json("true");
          });
        },
      },
    },
    {
      path: "/v1/session/renew/*",
      handlers: {
        // A renewal is a beat: it touches no disk and no index.
        PUT: ({ rest: id }) => {
          checkId(id);
          const session = sessions.renew(id);
          if (session === undefined) throw new Rejection(404, `Session id '${id}' not found`);
          return json(JSON.stringify([renderSession(session)]));
        },
      },
    },
    {
      path: "/v1/session/info/*",
      handlers: {
        GET: (ask) => {
          checkId(ask.rest);
          return read(ask, ({ id }) => id === ask.rest);
        },
      },
    },
    { path: "/v1/session/list", handlers: { GET: (ask) => read(ask, () => true) } },
    {
      path: "/v1/session/node/*",
      handlers: {
        GET: (ask) => {
          if (ask.rest === "") throw new Rejection(400, "Missing node name");
          return read(ask, (session) => session.node === ask.rest);
        },
      },
    },
  ];

  function read(ask: Ask, isAsked: (session: Session) => boolean): Answer | Promise<Answer> {
    return answerRead(context, ask, {
      topics: [topics.sessions],
      hidesConsistency: true,
      index: () => store.sessions.index,
      answer: () => {
        const found = [...store.sessions.byId.values()].filter(isAsked);
        const inOrder = found.toSorted((a, b) => (a.id < b.id ? -1 : 1));
        return json(JSON.stringify(inOrder.map(renderSession)));
      },
    });
  }

  function readDefinition(body: Buffer | undefined): SessionDefinition {
    const spec = decodeBody(body === undefined || body.length === 0 ? Buffer.from("{}") : body, sessionSpec);
    if (!["", "release", "delete"].includes(spec.Behavior))
      throw new Rejection(500, `Invalid Behavior setting '${spec.Behavior}'`);
    return {
      name: spec.Name,
      node: spec.Node === "" ? node.name : spec.Node,
      // The old name first: whoever gives it says it all.
      nodeChecks: spec.Checks ?? spec.NodeChecks ?? ["serfHealth"],
      serviceChecks: spec.ServiceChecks ?? null,
      lockDelayMs: spec.LockDelay ?? defaultLockDelayMs,
      behavior: spec.Behavior === "delete" ? "delete" : "release",
      ttl: spec.TTL,
      ttlMs: readTtl(spec.TTL),
    };
  }
}

/** @throws Rejection for what is not the id of any session, in Consul's words. */
function checkId(id: string): void {
  if (id === "") throw new Rejection(400, "Missing session");
  const problem = idProblem(id);
  if (problem !== undefined) throw new Rejection(500, problem);
}

function readTtl(ttl: string): number {
  if (ttl === "") return 0;
  const ttlMs = parse(ttl);
  if (ttlMs !== 0 && (ttlMs < shortestTtlMs || ttlMs > longestTtlMs)) {
    throw new Rejection(500, `Invalid Session TTL '${ttlMs * 1e6}', must be between [10s=24h0m0s]`);
  }
  return ttlMs;
}

function parse(ttl: string): number {
  try {
    return goDuration(ttl);
  } catch (error) {
    if (error instanceof DecodeError) throw new Rejection(500, `Session TTL '${ttl}' invalid: ${error.message}`);
    throw error;
  }
}

/** A text, or a number: of seconds when it is small, of nanoseconds otherwise. */
function lockDelay(value: unknown, at: string): number | undefined {
  if (value === null || value === undefined || value === "") return undefined;
  if (typeof value === "string") return goDuration(value);
  if (typeof value === "number") return value < 1_000 ? value * 1_000 : value / 1e6;
  throw new DecodeError(`json: cannot unmarshal ${typeof value} into Go struct field ${at} of type time.Duration`);
}

function orNone<T>(decoder: Decoder<T>): Decoder<T | undefined> {
  return (value, at) => (value === null || value === undefined ? undefined : decoder(value, at));
}

function renderSession(session: Session): object {
  return {
    ID: session.id,
    Name: session.name,
    Node: session.node,
    LockDelay: session.lockDelayMs * 1e6,
    Behavior: session.behavior,
    TTL: session.ttl,
    NodeChecks: session.nodeChecks,
    ServiceChecks: session.serviceChecks,
    CreateIndex: session.createIndex,
    ModifyIndex: session.modifyIndex,
  };
}
