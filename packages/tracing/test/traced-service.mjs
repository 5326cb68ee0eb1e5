// A process with the real OpenTelemetry SDK and instrumentations: a request comes in, its handler calls another server, which fails
// once. Prints what was on the wire and which spans were made. Read from the environment: SDK=off, FRAMEWORK=on, FLAGS (of the caller's traceparent),
// BREAK=suppression, and OpenTelemetry's own OTEL_NODE_ENABLED_INSTRUMENTATIONS.
import { createRequire } from "node:module";
import { connect } from "node:net";
import { createRuntime, pipeline, runInContext } from "@enmesh/core";
import { createTracing } from "@enmesh/tracing";
import { trace as otel } from "@opentelemetry/api";

const require = createRequire(import.meta.url);
const spans = [];
startSdk();

const http = require("node:http");
const { FetchExchange } = await import("./fetch-exchange.mjs");
const identity = { service: "web", instanceId: "web-1", version: "1.0.0", namespace: "shop" };
const tracing = createTracing({ identity });
const retryOnce = { name: "retry", again: (call) => (call.attempt < 2 ? 20 : undefined) };
const policies = pipeline().through(tracing.call).repeat(retryOnce).through(tracing.attempt).build();
const runtime = createRuntime();
const onWire = [];
const baggage = [];
const b3 = [];

let answers = 0;
const stock = await serve((request, response) => {
  onWire.push(
    request.rawHeaders.filter((_, at) => at % 2 === 1 && request.rawHeaders[at - 1].toLowerCase() === "traceparent"),
  );
  baggage.push(request.headers.baggage);
  b3.push(request.headers.b3);
  response.writeHead(answers++ < 2 ? 503 : 200).end("{}");
});
const web = await serve((request, response) => {
  const exchange = new FetchExchange(runtime, policies, stock.address().port, (outcome) =>
    response.writeHead(outcome.status).end(),
  );
  exchange.begin();
});

await Promise.all([get(web.address().port), get(web.address().port)]);
await new Promise((resolve) => setTimeout(resolve, 100));
console.log(JSON.stringify({ onWire, baggage, b3, spans }));
process.exit(0);

function startSdk() {
  if (process.env.SDK === "off") return;
  const { NodeSDK } = require("@opentelemetry/sdk-node");
  const { getNodeAutoInstrumentations } = require("@opentelemetry/auto-instrumentations-node");
  const recorder = {
    onStart: () => {},
    onEnd: (span) => spans.push(plain(span)),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const instrumentations = getNodeAutoInstrumentations();
  new NodeSDK({ spanProcessors: [recorder], metricReaders: [], logRecordProcessors: [], instrumentations }).start();
}

function plain(span) {
  const { traceId, spanId } = span.spanContext();
  const { name, kind, attributes, status } = span;
  return {
    name,
    kind,
    attributes,
    status: status.code,
    traceId,
    spanId,
    parent: span.parentSpanContext?.spanId,
    scope: span.instrumentationScope.name,
  };
}

/** A server with the mesh's inbound side around its handler. */
async function serve(handler) {
  const server = http.createServer((request, response) => inFramework(() => answer(handler, request, response)));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

/** Frameworks put spans of their own between the server span and the mesh's middleware. */
function inFramework(next) {
  if (process.env.FRAMEWORK !== "on") return next();
  otel.getTracer("framework").startActiveSpan("middleware", (span) => {
    next();
    span.end();
  });
}

function answer(handler, request, response) {
  const started = tracing.inbound.start((name) => request.headers[name], request.method, request.url);
  response.on("finish", () => started.end(recordOf(request, response, started.trace)));
  const context = { deadlineAt: Number.POSITIVE_INFINITY, attempt: 1, trace: started.trace, requestId: "r" };
  runInContext(context, () => started.run(() => handler(request, response)));
}

function recordOf(request, response, trace) {
  const path = request.url.split("?")[0];
  const base = { method: request.method, path, route: "/:thing", status: response.statusCode, durationMs: 1, trace };
  return { ...base, peer: undefined, requestId: "r", attempt: 1, isAborted: false, refusedWith: undefined };
}

/** A caller outside of this process: a bare socket, which no instrumentation sees. */
function get(port) {
  const traceParent = `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-${process.env.FLAGS ?? "01"}`;
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () =>
      socket.write(
        `GET /orders?sig=secret HTTP/1.1\r\nhost: web\r\ntraceparent: ${traceParent}\r\nbaggage: user=ada\r\nconnection: close\r\n\r\n`,
      ),
    );
    socket
      .on("data", () => {})
      .on("end", resolve)
      .on("error", reject);
  });
}
