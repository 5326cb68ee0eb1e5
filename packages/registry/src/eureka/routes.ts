import type { Context } from "../http/context.ts";
import { plainText } from "../http/answers.ts";
import { type Answer, type Ask, type Handler, type Route } from "../http/exchange.ts";
import { formatOf, textAnswer } from "./format.ts";
import type { Applications } from "./listed.ts";
import { ListTexts } from "./list-texts.ts";
import { mounts, partsOf } from "./paths.ts";
import { EurekaRegistrations } from "./registrations.ts";
import { replicate } from "./replication.ts";
import { EurekaView } from "./view.ts";
import { EurekaWrites } from "./writes.ts";
import { applicationJson, applicationsJson, instanceJson } from "./write-json.ts";
import { applicationsXml, applicationXml, instanceXml } from "./write-xml.ts";

type Answered = Answer | Promise<Answer>;
type Handlers = Readonly<Partial<Record<string, () => Answered>>>;

const missing: Answer = Object.freeze({ status: 404 });

/** The Eureka REST API over the same services as the Consul API. */
export function eurekaRoutes(context: Context): Route[] {
  const { runtime, store, agent, node } = context;
  const view = new EurekaView({ runtime, store, agent, node });
  const registrations = new EurekaRegistrations(runtime.clock, store, agent);
  const writes = new EurekaWrites({ context, registrations, view });
  const texts = new ListTexts(view, runtime.clock);

  const answer: Handler = (ask) => {
    const handlers = handlersOf(ask, partsOf(ask.target));
    const handler = Object.hasOwn(handlers, ask.method) ? handlers[ask.method] : undefined;
    if (handler !== undefined) return handler();
    if (Object.keys(handlers).length === 0) return missing;
    const Allow = Object.keys(handlers).join(",");
    return { ...plainText(405, `method ${ask.method} not allowed`), headers: { Allow } };
  };
  const handlers = { GET: answer, PUT: answer, POST: answer, DELETE: answer };
  // A batch of a peer is larger than anything else; the others have limits of their own.
  return mounts.map((mount) => ({ path: `${mount}/*`, handlers, bodyLimit: 8_388_608 }));

  function handlersOf(ask: Ask, [kind, first, second, third, ...rest]: readonly string[]): Handlers {
    if (rest.length > 0) return {};
    if (kind === "apps") return appHandlers(ask, first, second, third);
    if (third !== undefined) return {};
    if (kind === "peerreplication" && first === "batch" && second === undefined)
      return { POST: () => replicate({ context, registrations, view }, ask) };
    if (first === undefined || second !== undefined) return {};
    if (kind === "instances") return { GET: () => instanceAnswer(ask, view.instanceOf(first)) };
    if (kind === "vips") return { GET: () => listAnswer(ask, view.at("vipAddress", first)) };
    if (kind === "svips") return { GET: () => listAnswer(ask, view.at("secureVipAddress", first)) };
    return {};
  }

  function appHandlers(ask: Ask, name?: string, id?: string, part?: string): Handlers {
    if (name === undefined) return { GET: () => texts.answer(ask, "all") };
    const app = name.toUpperCase();
    if (id === undefined) {
      if (name === "delta") return { GET: () => texts.answer(ask, "delta") };
      return { GET: () => applicationAnswer(ask, app), POST: () => writes.register(ask, app) };
    }
    if (part === undefined)
      return {
        GET: () => instanceAnswer(ask, view.instance(app, id)),
        PUT: () => writes.renew(ask, app, id),
        DELETE: () => writes.cancel(app, id),
      };
    if (part === "status")
      return { PUT: () => writes.override(ask, app, id), DELETE: () => writes.removeOverride(ask, app, id) };
    return part === "metadata" ? { PUT: () => writes.addMetadata(ask, app, id) } : {};
  }

  function applicationAnswer(ask: Ask, app: string): Answer {
    const application = view.app(app);
    if (application === undefined) return missing;
    return inFormat(
      ask,
      () => applicationJson(application),
      () => applicationXml(application),
    );
  }
}

function instanceAnswer(ask: Ask, listed: ReturnType<EurekaView["instance"]>): Answer {
  if (listed === undefined) return missing;
  return inFormat(
    ask,
    () => instanceJson(listed),
    () => instanceXml(listed),
  );
}

/** An empty list is an answer, too. */
function listAnswer(ask: Ask, found: Applications): Answer {
  return inFormat(
    ask,
    () => applicationsJson(found),
    () => applicationsXml(found),
  );
}

function inFormat(ask: Ask, asJson: () => string, asXml: () => string): Answer {
  const format = formatOf(ask);
  return textAnswer(format, format === "json" ? asJson() : asXml());
}
