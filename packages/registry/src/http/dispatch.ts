import { plainText } from "./answers.ts";
import { Rejection, type Answer, type Ask, type Route } from "./exchange.ts";

/** Carries one request of a route to its handler. Other methods than the route's are refused, and told which there are. */
export function dispatch(route: Route, ask: Ask): Answer | Promise<Answer> {
  const handler = Object.hasOwn(route.handlers, ask.method) ? route.handlers[ask.method as "GET"] : undefined;
  if (handler === undefined) return otherMethod(route, ask.method);
  try {
    const answer = handler(ask);
    return answer instanceof Promise ? answer.catch(refusal).then((given) => finish(given, ask)) : finish(answer, ask);
  } catch (error) {
    return refusal(error);
  }
}

function otherMethod(route: Route, method: string): Answer {
  const Allow = ["OPTIONS", ...Object.keys(route.handlers)].join(",");
  if (method === "OPTIONS") return { status: 200, headers: { Allow } };
  const refused = plainText(405, `method ${method} not allowed`);
  return { ...refused, headers: { ...refused.headers, Allow } };
}

function refusal(error: unknown): Answer {
  if (error instanceof Rejection) return plainText(error.status, error.message);
  throw error;
}

/** `?pretty` indents JSON by four, and ends the line. */
function finish(answer: Answer, { query }: Ask): Answer {
  if (query.size === 0 || !query.has("pretty") || answer.headers?.["Content-Type"] !== "application/json")
    return answer;
  // Numbers beyond JavaScript's must come through untouched.
  const parsed: unknown = JSON.parse(String(answer.body), (_key, value: unknown, source?: { source?: string }) =>
    typeof value === "number" && !Number.isSafeInteger(value) && source?.source !== undefined
      ? rawJson(source.source)
      : value,
  );
  return { ...answer, body: `${JSON.stringify(parsed, null, 4)}\n` };
}

const { rawJSON: rawJson } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };
