import type { Context } from "../http/context.ts";
import { durably } from "../http/durable.ts";
import { Rejection, type Answer, type Ask } from "../http/exchange.ts";
import { readBody, textAnswer } from "./format.ts";
import { readInstance } from "./read-instance.ts";
import type { EurekaRegistrations } from "./registrations.ts";
import { readStatus } from "./status.ts";
import { fieldOf, listOf, readNumber, readText } from "./values.ts";
import type { EurekaView } from "./view.ts";
import { instanceValue } from "./write-json.ts";

/** A peer sends at most 250 instances at once. */
const mostBytes = 8_388_608;
const mostItems = 1_000;

export interface ReplicationOptions {
  readonly context: Context;
  readonly registrations: EurekaRegistrations;
  readonly view: EurekaView;
}

interface ItemAnswer {
  readonly statusCode: number;
  readonly responseEntity?: object;
}

/** Takes what a live Eureka server passes on to its peers. Every item has an answer of its own, in the same order. */
export function replicate(options: ReplicationOptions, ask: Ask): Answer | Promise<Answer> {
  const items = listOf(fieldOf(readBody(ask, mostBytes), "replicationList"));
  if (items.length > mostItems) throw new Rejection(413, `too many items, at most ${mostItems}`);
  return durably(options.context, () => {
    const responseList = items.map((item) => answerItem(options, item));
    return textAnswer("json", JSON.stringify({ responseList }));
  });
}

function answerItem(options: ReplicationOptions, item: unknown): ItemAnswer {
  try {
    return carryOut(options, item);
  } catch (error) {
    // One bad item costs only itself.
    if (error instanceof Rejection) return { statusCode: error.status };
    throw error;
  }
}

function carryOut({ context, registrations, view }: ReplicationOptions, item: unknown): ItemAnswer {
  const app = readText(fieldOf(item, "appName")).toUpperCase();
  const id = readText(fieldOf(item, "id"));
  const status = readStatus(fieldOf(item, "status"));
  const given = fieldOf(item, "lastDirtyTimestamp");
  const dirty = readNumber(given, 0, 0, Number.MAX_SAFE_INTEGER);
  const found = (isFound: boolean): ItemAnswer => ({ statusCode: isFound ? 200 : 404 });

  switch (readText(fieldOf(item, "action"))) {
    case "Register": {
      const now = Math.floor(context.runtime.clock.wall());
      registrations.register(readInstance(fieldOf(item, "instanceInfo"), app, now), { isReplication: true });
      return found(true);
    }
    case "Heartbeat": {
      const overriddenStatus = readStatus(fieldOf(item, "overriddenStatus"));
      const lastDirtyTimestamp = given === undefined || given === null ? undefined : dirty;
      const result = registrations.renew(app, id, { isReplication: true, lastDirtyTimestamp, overriddenStatus });
      const newer = result === "outdated" ? view.instance(app, id) : undefined;
      return newer === undefined
        ? found(result === "renewed")
        : { statusCode: 409, responseEntity: instanceValue(newer) };
    }
    case "Cancel":
      return found(registrations.cancel(app, id));
    case "StatusUpdate":
      return found(registrations.override(app, id, status, dirty));
    case "DeleteStatusOverride":
      return found(registrations.removeOverride(app, id, status, dirty));
    default:
      return { statusCode: 400 };
  }
}
