import { createHash } from "node:crypto";

import type { Service } from "../model/service.ts";
import { renderAgentService } from "../render/service.ts";
import { topics } from "../state/topics.ts";
import { json } from "./answers.ts";
import type { Context } from "./context.ts";
import { Rejection, type Answer, type Ask } from "./exchange.ts";
import { untilTouched } from "./blocking-query.ts";

/**
 * One service of the agent. `?hash=` waits until the service is another than the one with that hash: the agent has no index.
 */
export function readContentHash(context: Context, ask: Ask): Answer | Promise<Answer> {
  const { rest: id, query } = ask;
  const { catalog } = context.store;
  const service = catalog.ownService(id);
  const now = (): Answer => {
    const found = catalog.ownService(id);
    if (found === undefined) throw new Rejection(404, `unknown service ID: ${id}`);
    return answer(found, context.node.datacenter);
  };
  const after = query.get("hash") ?? "";
  if (service === undefined || after === "" || after !== hashOf(service)) return now();
  const isOver = (): boolean => {
    const found = catalog.ownService(id);
    return found === undefined || hashOf(found) !== after;
  };
  return untilTouched(context, ask, [topics.service(service.name)], isOver).then(now);
}

function answer(service: Service, datacenter: string): Answer {
  const hash = hashOf(service);
  const { Datacenter, ...rest } = renderAgentService(service, datacenter) as Record<string, unknown>;
  const { status, headers, body } = json(JSON.stringify({ ...rest, ContentHash: hash, Datacenter }));
  return { status, headers: { ...headers, "X-Consul-ContentHash": hash }, ...(body === undefined ? {} : { body }) };
}

function hashOf(service: Service): string {
  const { createIndex: _created, modifyIndex: _modified, ...content } = service;
  return createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 16);
}
