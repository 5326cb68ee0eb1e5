import { checkShape, instanceShape } from "../filter/schema.ts";
import { parseBool } from "../go/numbers.ts";
import type { Check } from "../model/check.ts";
import { renderCheck, sortedChecks } from "../render/check.ts";
import { catalogKey } from "../model/node.ts";
import { nodeFacts } from "../render/node.ts";
import { topics } from "../state/topics.ts";
import { json } from "./answers.ts";
import { answerRead } from "./blocking-query.ts";
import { filterOf, isChoosy, nodeChoice } from "./choice.ts";
import type { Context } from "./context.ts";
import { Rejection, type Answer, type Ask, type Route } from "./exchange.ts";

/** Who is healthy: what discovery asks and waits for. */
export function healthRoutes(context: Context): Route[] {
  const { healthTexts, node } = context;
  const { catalog } = context.store;

  return [
    {
      path: "/v1/health/service/*",
      handlers: {
        GET: (ask) => {
          const { rest: name, query } = ask;
          if (name === "") throw new Rejection(400, "Missing service name");
          const onlyPassing = isPassing(query.get("passing"));
          const tags = query.size === 0 ? [] : query.getAll("tag");
          const [isAsked, isWanted] = [nodeChoice(query), filterOf(query, instanceShape)];
          return answerRead(context, ask, {
            topics: [topics.service(name), topics.node],
            index: () => catalog.indexOf(name),
            answer: () => {
              if (!isChoosy(query)) return json(healthTexts.service(name, tags, onlyPassing));
              return json(JSON.stringify(healthTexts.entries(name, tags, onlyPassing, isAsked).filter(isWanted)));
            },
          });
        },
      },
    },
    {
      path: "/v1/health/checks/*",
      handlers: {
        GET: (ask) => {
          const { rest: name } = ask;
          if (name === "") throw new Rejection(400, "Missing service name");
          return answerRead(context, ask, {
            topics: [topics.service(name), topics.node],
            index: () => catalog.indexOf(name),
            answer: () => render(ask, sortedChecks(checksOfName(name))),
          });
        },
      },
    },
    {
      path: "/v1/health/node/*",
      handlers: {
        GET: (ask) => {
          if (ask.rest === "") throw new Rejection(400, "Missing node name");
          return answerRead(context, ask, {
            topics: [topics.checks],
            index: () => catalog.checksIndex,
            answer: () =>
              render(
                ask,
                allChecks().filter((check) => (check.node ?? node.name) === ask.rest),
              ),
          });
        },
      },
    },
    {
      path: "/v1/health/state/*",
      handlers: {
        GET: (ask) => {
          const { rest: state } = ask;
          if (state === "") throw new Rejection(400, "Missing check state");
          return answerRead(context, ask, {
            topics: [topics.checks],
            index: () => catalog.checksIndex,
            answer: () =>
              render(
                ask,
                allChecks().filter(({ status }) => state === "any" || status === state),
              ),
          });
        },
      },
    },
  ];

  function checksOfName(name: string): Check[] {
    const instances = catalog.groups.get(name)?.instances.values() ?? [];
    return [...instances].flatMap((service) => [...catalog.checksOf(catalogKey(service.node, service.id)).values()]);
  }

  function allChecks(): Check[] {
    const [serf] = healthTexts.nodeChecks();
    return sortedChecks(serf === undefined ? catalog.checks.values() : [serf, ...catalog.checks.values()]);
  }

  function render({ query }: Ask, checks: readonly Check[]): Answer {
    const [isAsked, isWanted] = [nodeChoice(query), filterOf(query, checkShape)];
    const chosen = isChoosy(query) ? checks.filter((check) => isAsked(nodeFacts(node, catalog, check.node))) : checks;
    return json(JSON.stringify(chosen.map((check) => renderCheck(check, node.name)).filter(isWanted)));
  }
}

/** `?passing` alone says yes; with a value it must be a truth value. */
function isPassing(given: string | null): boolean {
  if (given === null) return false;
  const isOn = given === "" ? true : parseBool(given);
  if (isOn === undefined) throw new Rejection(400, "Invalid value for ?passing");
  return isOn;
}
