import { TimerNode } from "@enmesh/core";

import { DecodeError } from "../go/decode-error.ts";
import { goDuration } from "../go/duration.ts";
import { parseUint } from "../go/numbers.ts";
import type { Watcher } from "../state/watchers.ts";
import { consistencyOf } from "./consistency.ts";
import type { Context } from "./context.ts";
import { Rejection, type Answer, type Ask } from "./exchange.ts";

/** A read that can wait for change. `index` moves whenever `answer` would be another one. */
export interface Read {
  readonly topics: readonly string[];
  readonly keyPrefix?: string;
  readonly index: () => number;
  readonly answer: () => Answer;
  /** KV answers do not tell their consistency. */
  readonly hidesConsistency?: boolean;
}

const defaultWaitMs = 300_000;
const longestWaitMs = 600_000;

/**
 * Answers a read: at once, or with `?index=` once its index has moved past that, or when the time to wait is over. An index
 * beyond all that we ever gave out comes from another life: that client is answered at once and starts anew.
 */
export function answerRead(context: Context, ask: Ask, read: Read): Answer | Promise<Answer> {
  const { query } = ask;
  const consistency = consistencyOf(query);
  const headers = read.hidesConsistency ? {} : { "X-Consul-Effective-Consistency": consistency };
  const finish = (): Answer => withMeta(read.answer(), read.index(), headers);
  checkDatacenter(query, context.node.datacenter);
  refuseFilter(query);

  const after = parseIndex(query.get("index"));
  const waitMs = parseWait(query.get("wait"));
  if (after === 0 || read.index() > after || after > context.store.index || context.isClosing) return finish();
  if (context.store.watchers.size >= context.maxWatchers) {
    throw new Rejection(429, `Too many blocking queries: this registry holds ${context.maxWatchers} at a time`);
  }
  return new Promise((resolve) => {
    const waiting = new BlockedQuery(context, read, after, () => resolve(finish()));
    ask.onGone(() => waiting.leave());
    // Spread, so that many who began together do not all come back together. Consul's rule: up to a sixteenth.
    context.runtime.timers.schedule(waiting, waitMs + (context.runtime.random() * waitMs) / 16);
  });
}

/** The headers of every read, misses included. */
function withMeta(answer: Answer, index: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    ...answer,
    headers: {
      ...answer.headers,
      ...headers,
      "X-Consul-Index": String(index),
      "X-Consul-KnownLeader": "true",
      "X-Consul-LastContact": "0",
      "X-Consul-Default-ACL-Policy": "allow",
    },
  };
}

/** @throws Rejection for another datacenter than ours: there is only one. */
function checkDatacenter(query: URLSearchParams, datacenter: string): void {
  const wanted = query.get("dc") ?? "";
  if (wanted !== "" && wanted !== datacenter) throw new Rejection(500, "No path to datacenter");
}

/** @throws Rejection where an expression is to be applied: an answer that ignored it would be a wrong answer. */
export function refuseFilter(query: URLSearchParams): void {
  if (query.size === 0 || !query.get("filter")) return;
  throw new Rejection(400, "This registry does not evaluate ?filter; leave it out and choose among the answers");
}

class BlockedQuery extends TimerNode implements Watcher {
  readonly topics: readonly string[];
  readonly keyPrefix: string | undefined;
  readonly #context: Context;
  readonly #read: Read;
  readonly #after: number;
  readonly #finish: () => void;

  constructor(context: Context, read: Read, after: number, finish: () => void) {
    super();
    this.topics = read.topics;
    this.keyPrefix = read.keyPrefix;
    this.#context = context;
    this.#read = read;
    this.#after = after;
    this.#finish = finish;
    context.store.watchers.add(this);
  }

  touched(): void {
    if (this.#read.index() > this.#after) this.dismissed();
  }

  dismissed(): void {
    this.leave();
    this.#finish();
  }

  due(): void {
    this.dismissed();
  }

  /** The client went away. */
  leave(): void {
    this.#context.store.watchers.remove(this);
    this.#context.runtime.timers.cancel(this);
  }
}

function parseIndex(text: string | null): number {
  if (text === null || text === "") return 0;
  const index = parseUint(text);
  if (index === undefined) throw new Rejection(400, "Invalid index");
  return Number(index);
}

function parseWait(text: string | null): number {
  if (text === null || text === "") return defaultWaitMs;
  try {
    const waitMs = goDuration(text);
    return waitMs <= 0 ? defaultWaitMs : Math.min(waitMs, longestWaitMs);
  } catch (error) {
    if (error instanceof DecodeError) throw new Rejection(400, "Invalid wait time");
    throw error;
  }
}
