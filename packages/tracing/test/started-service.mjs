// A service that starts telemetry the way a user does, makes one traced call, and ends. Prints how long things took.
import { createRuntime, pipeline } from "@enmesh/core";
import { createTracing } from "@enmesh/tracing";
import { startTelemetry } from "@enmesh/tracing/start";

const telemetry = startTelemetry();
const { createServer } = await import("node:http");
const { FetchExchange } = await import("./fetch-exchange.mjs");

const tracing = createTracing();
const policies = pipeline().through(tracing.call).repeat(undefined).through(tracing.attempt).build();
const server = createServer((request, response) => response.end("{}"));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const began = performance.now();
await new Promise((resolve) => new FetchExchange(createRuntime(), policies, server.address().port, resolve).begin());
const answeredMs = performance.now() - began;

const ending = performance.now();
await telemetry?.shutdown();
const shutdownMs = performance.now() - ending;
console.log(JSON.stringify({ started: telemetry !== undefined, answeredMs, shutdownMs }));
process.exit(0);
