import { goldenRequests, type GoldenRequest } from "./requests.ts";

/** A request with its answer, without what must differ from agent to agent and from run to run. */
export interface GoldenAnswer {
  readonly request: string;
  /** Status and body. */
  readonly answer: string;
  readonly headers: Readonly<Record<string, string | boolean | null>>;
}

/** Asks the whole suite of an agent, in order. `settled` resolves once what was written can be read everywhere. */
export async function replay(url: string, settled: () => Promise<void> = async () => {}): Promise<GoldenAnswer[]> {
  const memory: Memory = { sessions: [], index: 0 };
  const answers: GoldenAnswer[] = [];
  for (const request of goldenRequests) {
    answers.push(await ask(url, request, memory));
    if (request[0] === "PUT" && request[1].startsWith("/v1/agent/")) await settled();
  }
  return answers;
}

/** The name of a request in tables. */
function nameOf([method, path, body]: GoldenRequest): string {
  return `${method} ${decodeURIComponent(path)}${body === undefined ? "" : ` ${body}`}`;
}

/** What earlier answers said that later requests need. */
interface Memory {
  readonly sessions: string[];
  index: number;
}

async function ask(url: string, request: GoldenRequest, memory: Memory): Promise<GoldenAnswer> {
  const [method, path, body] = request;
  const fill = (text: string): string =>
    text
      .replaceAll(/\{session:(\d)\}/g, (_whole, at: string) => memory.sessions[Number(at) - 1] ?? "")
      .replaceAll("{index}", String(memory.index));
  const init = { method, redirect: "manual" as const, ...(body === undefined ? {} : { body: fill(body) }) };
  const answer = await fetch(url + fill(path), init);
  const text = await answer.text();
  const type = answer.headers.get("content-type");
  const isJson = type === "application/json";
  if (isJson) remember(path, text, memory);
  const shown = isJson ? JSON.stringify(comparable(text, path)) : text;
  return {
    request: nameOf(request),
    answer: `${answer.status} ${mask(shown, memory)}`,
    headers: {
      // An empty body needs no type, though 1.8.7 gives one to some.
      type: text === "" ? null : type,
      allow: answer.headers.get("allow"),
      location: answer.headers.get("location"),
      reason: answer.headers.get("x-consul-reason"),
      consistency: answer.headers.get("x-consul-effective-consistency"),
      hasIndex: answer.ok && Number(answer.headers.get("x-consul-index")) > 0,
      hasHash: answer.headers.has("x-consul-contenthash"),
      contact: answer.status === 500 ? null : answer.headers.get("x-consul-lastcontact"),
    },
  };
}

function remember(path: string, text: string, memory: Memory): void {
  const parsed = JSON.parse(text) as { ID?: string; ModifyIndex?: number }[] | { ID?: string };
  if (path === "/v1/session/create" && "ID" in parsed && parsed.ID !== undefined) memory.sessions.push(parsed.ID);
  const [entry] = Array.isArray(parsed) && path.startsWith("/v1/kv/") ? parsed : [];
  if (entry?.ModifyIndex !== undefined) memory.index = entry.ModifyIndex;
}

/** Sessions by their number, other ids by what they are; and indexes, which each agent counts for itself. */
function mask(text: string, { sessions }: Memory): string {
  const named = sessions.reduce((result, id, at) => result.replaceAll(id, `{session:${at + 1}}`), text);
  return named
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) => (id.startsWith("11111111-") ? id : "{uuid}"))
    .replaceAll(/current modify index \d+/g, "current modify index {index}");
}

/** Fields that 1.21 has and 1.8.7 has not. */
const newerFields = ["Interval", "Timeout", "ExposedPort", "Datacenter", "PeerName", "Mode", "consul-version"];
/** What must differ: names and addresses of the node, indexes, hashes. */
const ownFields = ["Node", "CreateIndex", "ModifyIndex", "ContentHash", "LTime"];

/** The JSON without what must differ. Long numbers stay as they are. */
function comparable(text: string, path: string): unknown {
  const clean = (value: unknown): unknown => {
    if (Array.isArray(value)) return inOrder(value).map(clean);
    if (typeof value !== "object" || value === null) return value;
    const kept = Object.entries(value).filter(
      ([name, each]) =>
        !newerFields.includes(name) &&
        !(ownFields.includes(name) && typeof each !== "object" && each !== "ext") &&
        !(name === "ID" && typeof each === "string" && each.length === 36 && "Address" in value),
    );
    return Object.fromEntries(
      kept.map(([name, each]) => [name, clean(each)] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
  };
  // Where Consul walks a map, the order of checks, and of all tags of a service, is chance.
  const inOrder = (items: unknown[]): unknown[] =>
    items.every((item) => typeof item === "object" && item !== null && "CheckID" in item)
      ? (items as { CheckID: string }[]).toSorted((a, b) => (a.CheckID < b.CheckID ? -1 : 1))
      : path.startsWith("/v1/catalog/services")
        ? (items as string[]).toSorted((a, b) => (a < b ? -1 : 1))
        : items;
  return clean(JSON.parse(text.replaceAll(/: ?(\d{16,})/g, ': "$1"')));
}
