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

  const after = parseIndex(query.get("index"));
  // Read also when nobody waits: a wrong one is refused.
  parseWait(query.get("wait"));
  if (after === 0 || read.index() > after || after > context.store.index) return finish();
  return untilTouched(context, ask, read.topics, () => read.index() > after, read.keyPrefix).then(finish);
}

/**
 * Resolves once something of these topics was touched and it is `isOver`, or when the time that `?wait=` gives is over, or
 * the registry closes. A client that goes away is forgotten.
 */
export function untilTouched(
  context: Context,
  ask: Ask,
  topics: readonly string[],
  isOver: () => boolean,
  keyPrefix?: string,
): Promise<void> {
  const waitMs = parseWait(ask.query.get("wait"));
  if (context.isClosing) return Promise.resolve();
  if (context.store.watchers.size >= context.maxWatchers) {
    throw new Rejection(429, `Too many blocking queries: this registry holds ${context.maxWatchers} at a time`);
  }
  return new Promise((resolve) => {
    const waiting = new BlockedQuery(context, topics, keyPrefix, isOver, resolve);
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

class BlockedQuery extends TimerNode implements Watcher {
  readonly topics: readonly string[];
  readonly keyPrefix: string | undefined;
  readonly #context: Context;
  readonly #isOver: () => boolean;
  readonly #finish: () => void;

  constructor(
    context: Context,
    topics: readonly string[],
    keyPrefix: string | undefined,
    isOver: () => boolean,
    finish: () => void,
  ) {
    super();
    this.topics = topics;
    this.keyPrefix = keyPrefix;
    this.#context = context;
    this.#isOver = isOver;
    this.#finish = finish;
    context.store.watchers.add(this);
  }

  touched(): void {
    if (this.#isOver()) this.dismissed();
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
