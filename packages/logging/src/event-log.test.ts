import { Destination, EventChannel } from "@enmesh/core";
import { simulatedEndpoint } from "@enmesh/core/simulation";
import { describe, expect, test } from "vitest";
import { collected } from "../test/collected.ts";
import { logEvents } from "./index.ts";

describe("mesh events in the log", () => {
  test.each([
    ["outlier.ejected", 40],
    ["breaker.opened", 40],
    ["breaker.closed", 30],
    ["policy.applied", 30],
    ["policy.rejected", 40],
    ["discovery.changed", 30],
    ["discovery.stale", 40],
    ["registration.registered", 30],
    ["registration.lost", 40],
    ["loop.late", 40],
    ["retry.attempt", 20],
    ["bulkhead.full", 20],
  ])("%s is written at level %i", (type, level) => {
    const { logger, lines } = collected({ level: "trace" });
    const events = new EventChannel();

    logEvents(logger, events);
    events.report({ type, destination: "orders" });

    expect(lines()).toEqual([expect.objectContaining({ level, event: type, msg: type, destination: "orders" })]);
  });

  test("name endpoints, destinations and errors instead of writing them out", () => {
    const { logger, lines } = collected();
    const events = new EventChannel();

    logEvents(logger, events);
    const endpoint = simulatedEndpoint("orders-1");
    const error = Object.assign(new Error("gone"), { code: "ECONNREFUSED" });
    events.report({
      type: "outlier.ejected",
      endpoint,
      destination: new Destination("orders", "v2"),
      error,
      list: [1, { a: endpoint }],
      run: () => {},
    });

    expect(lines()[0]).toMatchObject({
      endpoint: endpoint.origin,
      destination: "orders|v2",
      error: { type: "Error", message: "gone", code: "ECONNREFUSED" },
      list: [1, { a: endpoint.origin }],
    });
  });

  test("never have a field twice: what the logger says of itself stays", () => {
    const { logger, lines, text } = collected();
    const events = new EventChannel();

    logEvents(logger, events);
    events.report({ type: "discovery.changed", service: "orders", level: "high" });

    expect(lines()[0]).toMatchObject({ service: "web", level: 30, event_service: "orders", event_level: "high" });
    expect(text().match(/"service"/g)).toHaveLength(1);
  });

  test("stop when asked to", () => {
    const { logger, lines } = collected();
    const events = new EventChannel();

    logEvents(logger, events)();
    events.report({ type: "breaker.opened" });

    expect(lines()).toEqual([]);
    expect(events.isHeard).toBe(false);
  });
});
