import { indexOfEvent, type UserEvent } from "../agent/user-events.ts";
import { linearPattern } from "../filter/linear-pattern.ts";
import { FilterError } from "../filter/tokens.ts";
import { parseUint } from "../go/numbers.ts";
import { topics } from "../state/topics.ts";
import { json } from "./answers.ts";
import { untilTouched } from "./blocking-query.ts";
import type { Context } from "./context.ts";
import { Rejection, type Answer, type Ask, type Route } from "./exchange.ts";

/** Events: short messages from one to all. */
export function eventRoutes(context: Context): Route[] {
  const { userEvents, store, node } = context;

  return [
    { path: "/v1/event/fire/*", bodyLimit: 8_192, handlers: { PUT: fire } },
    { path: "/v1/event/list", handlers: { GET: list } },
  ];

  function fire({ rest: name, query, body }: Ask): Answer {
    if (name === "") throw new Rejection(400, "Missing name");
    const [nodeFilter = "", serviceFilter = "", tagFilter = ""] = ["node", "service", "tag"].map(
      (filter) => query.get(filter) ?? "",
    );
    if (tagFilter !== "" && serviceFilter === "")
      throw new Rejection(500, "Cannot provide tag filter without service filter");
    const [isNode, isService, isTag] = [
      pattern("node", nodeFilter),
      pattern("service", serviceFilter),
      pattern("tag", tagFilter),
    ];
    const isForUs =
      isNode(node.name) &&
      (serviceFilter === "" ||
        [...store.catalog.services.values()].some(
          (service) =>
            service.node === undefined && isService(service.name) && (tagFilter === "" || service.tags.some(isTag)),
        ));
    const payload = body ?? Buffer.alloc(0);
    const event = userEvents.fire({ name, payload, nodeFilter, serviceFilter, tagFilter }, isForUs);
    store.watchers.touch([topics.events]);
    return json(JSON.stringify({ ...render(event), LTime: 0 }));
  }

  function list(ask: Ask): Answer | Promise<Answer> {
    const name = ask.query.get("name") ?? "";
    const found = (): UserEvent[] => userEvents.all.filter((event) => name === "" || event.name === name);
    const index = (): bigint => {
      const last = found().at(-1);
      return last === undefined ? 1n : indexOfEvent(last);
    };
    const answer = (): Answer => {
      const { status, headers, body = "" } = json(JSON.stringify(found().map(render)));
      return { status, headers: { ...headers, "X-Consul-Index": String(index()) }, body };
    };
    const after = indexGiven(ask.query);
    // The index is a mark and not an order: whoever has the last one waits for any other.
    if (index() !== after) return answer();
    return untilTouched(context, ask, [topics.events], () => index() !== after).then(answer);
  }
}

function pattern(which: string, source: string): (text: string) => boolean {
  try {
    return linearPattern(source);
  } catch (error) {
    if (error instanceof FilterError) throw new Rejection(500, `invalid ${which} filter: ${error.message}`);
    throw error;
  }
}

function indexGiven(query: URLSearchParams): bigint | undefined {
  const text = query.get("index");
  if (text === null || text === "") return undefined;
  const index = parseUint(text);
  if (index === undefined) throw new Rejection(400, "Invalid index");
  return index;
}

function render({ id, name, payload, nodeFilter, serviceFilter, tagFilter, time }: UserEvent): object {
  return {
    ID: id,
    Name: name,
    Payload: payload.length === 0 ? null : payload.toString("base64"),
    NodeFilter: nodeFilter,
    ServiceFilter: serviceFilter,
    TagFilter: tagFilter,
    Version: 1,
    LTime: time,
  };
}
