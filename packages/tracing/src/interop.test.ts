import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { describe, expect, test } from "vitest";

interface SeenSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly status: SpanStatusCode;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: string | undefined;
  readonly scope: string;
}

interface Seen {
  /** The `traceparent` headers of each request that the second server got. */
  readonly onWire: readonly (readonly string[])[];
  readonly spans: readonly SeenSpan[];
  readonly baggage: readonly (string | undefined)[];
  readonly b3: readonly (string | undefined)[];
}

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const callersSpan = "00f067aa0ba902b7";
const mine = "@enmesh/tracing";

/** Two requests at once, each making one call of two attempts, in a process of their own with the real SDK. */
async function run(environment: Readonly<Record<string, string>>): Promise<Seen> {
  const at = (name: string): string => fileURLToPath(new URL(`../test/${name}`, import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", at("read-sources.mjs"), at("traced-service.mjs")],
    {
      env: { PATH: process.env["PATH"], ...environment },
      timeout: 30_000,
    },
  );
  return JSON.parse(stdout) as Seen;
}

function ofKind({ spans }: Seen, kind: SpanKind): SeenSpan[] {
  return spans.filter((span) => span.kind === kind);
}

const instrumentations = [
  {
    beside: "instrumentation-undici and instrumentation-http",
    enabled: "undici,http",
    serverScope: "@opentelemetry/instrumentation-http",
  },
  { beside: "instrumentation-undici alone", enabled: "undici", serverScope: mine },
  { beside: "no other instrumentation", enabled: "dataloader", serverScope: mine },
];

describe.each(instrumentations)("with an SDK, beside $beside", ({ enabled, serverScope }) => {
  test(
    "every attempt carries one traceparent and has one client span, under one call, under one server span",
    { timeout: 40_000 },
    async () => {
      const seen = await run({ OTEL_NODE_ENABLED_INSTRUMENTATIONS: enabled });

      const attempts = ofKind(seen, SpanKind.CLIENT);
      expect(attempts).toHaveLength(4);
      expect(attempts.map(({ scope }) => scope)).toEqual([mine, mine, mine, mine]);
      const expected = attempts.map(({ spanId }) => `00-${traceId}-${spanId}-01`);
      expect(new Set(seen.onWire.map(([header]) => header))).toEqual(new Set(expected));
      expect(seen.onWire.every((sent) => sent.length === 1)).toBe(true);

      const calls = ofKind(seen, SpanKind.INTERNAL);
      expect(calls).toHaveLength(2);
      for (const call of calls) expect(attempts.filter(({ parent }) => parent === call.spanId)).toHaveLength(2);

      const servers = ofKind(seen, SpanKind.SERVER);
      expect(servers).toHaveLength(6);
      expect(servers.every(({ scope }) => scope === serverScope)).toBe(true);
      const entered = servers.filter(({ parent }) => parent === callersSpan);
      expect(new Set(entered.map(({ spanId }) => spanId))).toEqual(new Set(calls.map(({ parent }) => parent)));
      const called = servers.filter(({ parent }) => parent !== callersSpan);
      expect(new Set(called.map(({ parent }) => parent))).toEqual(new Set(attempts.map(({ spanId }) => spanId)));
      expect(seen.spans.every((span) => span.traceId === traceId)).toBe(true);
    },
  );

  test("the spans say what happened, and no query", { timeout: 40_000 }, async () => {
    const seen = await run({ OTEL_NODE_ENABLED_INSTRUMENTATIONS: enabled });

    const attempts = ofKind(seen, SpanKind.CLIENT);
    const again = attempts.filter(({ attributes }) => attributes["http.request.resend_count"] === 1);
    const first = attempts.filter(({ attributes }) => attributes["http.request.resend_count"] === undefined);
    expect(again.map(({ attributes }) => attributes["http.response.status_code"])).toEqual([200, 200]);
    expect(first.map(({ attributes }) => attributes["error.type"])).toEqual(["503", "503"]);
    expect(first.map(({ status }) => status)).toEqual([SpanStatusCode.ERROR, SpanStatusCode.ERROR]);
    expect(attempts[0]?.attributes).toMatchObject({
      "http.request.method": "GET",
      "server.address": "127.0.0.1",
      "enmesh.service": "stock",
    });
    const servers = ofKind(seen, SpanKind.SERVER);
    expect(servers.map(({ name }) => name)).toEqual(Array.from({ length: 6 }, () => "GET /:thing"));
    const ours = seen.spans.filter(({ scope }) => scope === mine);
    expect(JSON.stringify(ours)).not.toContain("secret");
  });
});

test(
  "beside a framework's own spans the server span of instrumentation-http is adopted too",
  { timeout: 40_000 },
  async () => {
    const seen = await run({ OTEL_NODE_ENABLED_INSTRUMENTATIONS: "http", FRAMEWORK: "on" });

    const servers = ofKind(seen, SpanKind.SERVER);
    expect(servers.map(({ scope }) => scope)).toEqual(
      Array.from({ length: 6 }, () => "@opentelemetry/instrumentation-http"),
    );
    const middleware = seen.spans.filter(({ name }) => name === "middleware").map(({ spanId }) => spanId);
    const calls = seen.spans.filter(({ name }) => name === "call stock");
    expect(calls).toHaveLength(2);
    for (const { parent } of calls) expect(middleware).toContain(parent);
  },
);

test("baggage goes on, recorded or not", { timeout: 40_000 }, async () => {
  for (const FLAGS of ["01", "00"]) {
    const seen = await run({ OTEL_NODE_ENABLED_INSTRUMENTATIONS: "undici,http", FLAGS });

    expect(seen.baggage).toEqual(["user=ada", "user=ada", "user=ada", "user=ada"]);
  }
});

test("headers of another propagator are added, and still one traceparent", { timeout: 40_000 }, async () => {
  for (const FLAGS of ["01", "00"]) {
    const seen = await run({ OTEL_NODE_ENABLED_INSTRUMENTATIONS: "http", OTEL_PROPAGATORS: "tracecontext,b3", FLAGS });

    for (const sent of seen.b3) expect(sent).toMatch(new RegExp(`^${traceId}-[\\da-f]{16}-${FLAGS === "01" ? 1 : 0}$`));
    expect(seen.onWire.map((sent) => sent.length)).toEqual([1, 1, 1, 1]);
  }
});

describe("without a recorded trace", () => {
  test("a request that its caller did not sample makes no span, and its id goes on", { timeout: 40_000 }, async () => {
    const seen = await run({ OTEL_NODE_ENABLED_INSTRUMENTATIONS: "undici,http", FLAGS: "00" });

    expect(seen.spans).toEqual([]);
    expect(seen.onWire).toHaveLength(4);
    for (const sent of seen.onWire) expect(sent).toEqual([expect.stringMatching(`^00-${traceId}-[\\da-f]{16}-00$`)]);
    // One id per request: both attempts of its call pass it on, and no span object was made to give them others.
    expect(new Set(seen.onWire.map(([header]) => header)).size).toBe(2);
  });

  test(
    "a process without an SDK passes the trace on, with an id of its own per request",
    { timeout: 40_000 },
    async () => {
      const seen = await run({ SDK: "off" });

      expect(seen.onWire).toHaveLength(4);
      const ids = new Set(seen.onWire.map(([header]) => header));
      expect(ids.size).toBe(2);
      for (const id of ids) expect(id).toMatch(new RegExp(`^00-${traceId}-(?!${callersSpan})[\\da-f]{16}-01$`));
    },
  );
});

test(
  "without suppression instrumentation-undici would add a second traceparent and a second span",
  { timeout: 40_000 },
  async () => {
    const seen = await run({ OTEL_NODE_ENABLED_INSTRUMENTATIONS: "undici", BREAK: "suppression" });

    expect(ofKind(seen, SpanKind.CLIENT)).toHaveLength(8);
    expect(seen.onWire.every((sent) => sent.length === 2)).toBe(true);
  },
);
